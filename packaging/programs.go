package main

// program is one that is released. Another one is one line here; files/NAME.service and files/NAME.default, where they
// exist, are installed with it.
type program struct {
	name, source string
	onPath       bool // else it is for drover-worker alone, which finds it beside itself
}

var programs = []program{
	{"drover", "./starter", true},
	{"drover-worker", "./worker", true},
	{"drover-console", "./console", true},
	{"drover-agent", "./agent", false},
	{"drover-node", "./providers/local/node", false},
}

var architectures = []string{"amd64", "arm64"}
