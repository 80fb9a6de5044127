// Package scaffold writes a new application package: one role whose service is a loop in shell, with templates, a health check, a
// monitor and a custom service. It lints without findings and runs on provider local with what every
// machine has, so that authors begin with something that works.
//
// It does not read packages. Caller: starter/cli.
package scaffold
