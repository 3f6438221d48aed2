//go:build !unix

package main

import "os/exec"

func ownGroup(*exec.Cmd) {}

// signalGroup kills the program alone where there are no process groups.
func signalGroup(cmd *exec.Cmd, _ bool) { _ = cmd.Process.Kill() }
