package journal

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// spawnLimit is how long a supervisor may take until its command runs: it does two fsyncs before that.
const spawnLimit = time.Minute

// spawn starts a supervisor for the entry and returns when its command runs, or somebody else's does.
func (j *Journal) spawn(e entry) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	argv := append(append([]string{}, j.supervisor...), e.dir)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	cmd.ExtraFiles = []*os.File{w} // readyFD
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return fmt.Errorf("start supervisor: %w", err)
	}
	go cmd.Wait() // reaps it, whenever that is
	r.SetReadDeadline(time.Now().Add(spawnLimit))
	answer, err := io.ReadAll(io.LimitReader(r, 4096))
	switch {
	case err != nil:
		return fmt.Errorf("supervisor (pid %d) did not answer: %w", cmd.Process.Pid, err)
	case len(answer) == 0:
		return fmt.Errorf("supervisor (pid %d) died before it could start the command", cmd.Process.Pid)
	case string(answer) != "ok":
		return fmt.Errorf("supervisor: %s", answer)
	}
	return nil
}
