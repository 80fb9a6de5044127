package keep

import (
	"context"
	"fmt"
	"os"
	"strings"

	"drover/fault"
)

const unitName = "drover-agent.service"

// unitText: KillMode=process, because supervisors and the daemons that commands leave behind live in the unit's control
// group, and must survive the agent. TasksMax for the same reason: the application counts too.
const unitText = `[Unit]
Description=Drover agent
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=%s
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=1
KillMode=process
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`

// unit keeps the agent by systemd.
type unit struct{ Node }

func (u unit) text() string {
	words := u.runLine()
	for i, w := range words {
		words[i] = quoteUnit(w)
	}
	return fmt.Sprintf(unitText, strings.Join(words, " "))
}

// quoteUnit quotes one word of ExecStart.
func quoteUnit(w string) string {
	if !strings.ContainsAny(w, " \t\n\"'\\%$;") {
		return w
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$", "\n", `\n`).Replace(w) + `"`
}

func (u unit) begin(ctx context.Context) (bool, error) {
	changed, err := writeIfOther(u.UnitFile, u.text(), 0o644)
	if err == nil && changed {
		err = u.Systemctl(ctx, "daemon-reload")
	}
	if err == nil {
		err = u.Systemctl(ctx, "enable", "--now", unitName)
	}
	return changed, err
}

func (u unit) restart(ctx context.Context) error { return u.Systemctl(ctx, "restart", unitName) }

func (u unit) end(ctx context.Context) error {
	if _, err := os.Stat(u.UnitFile); err != nil {
		return nil
	}
	if err := u.Systemctl(ctx, "disable", "--now", unitName); err != nil {
		return err
	}
	if err := os.Remove(u.UnitFile); err != nil {
		return fault.Wrap(err, fault.Internal, "remove the agent's unit")
	}
	return u.Systemctl(ctx, "daemon-reload")
}
