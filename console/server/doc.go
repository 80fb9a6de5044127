// Package server answers the console's HTTP API below /v1 and logs browsers in; it hands all other paths to the pages. It checks
// roles and labels before anything else, and starts, follows and asks through package client.
//
// It keeps no state but streams that are read at the moment: tokens and sessions are package auth's, the pages package
// assets'. Called by drover-console.
package server
