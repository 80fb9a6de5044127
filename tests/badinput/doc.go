// Package badinput has one table of wrong inputs per place where something comes in from outside: packages, archives,
// values, inputs of workflows, command lines, the agent's API, its metadata server, its resource files and keys, and what
// agents read from Consul. Every case ends with the right kind of failure, says where and what, ends in time and touches
// nothing. A test counts them.
//
// It holds tests only. What a parser does with good input is tested beside the parser.
package badinput
