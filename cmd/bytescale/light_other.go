//go:build !linux

package main

// dropProgramPages is for systems that count a program's own file as its memory
// and offer a way to give it back.
func dropProgramPages() {}
