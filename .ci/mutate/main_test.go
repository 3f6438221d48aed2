package main

import "testing"

// Code moves: the list must still say what it breaks, long before somebody runs it.
func TestListFitsTheCode(t *testing.T) {
	if err := fits("../..", mutations); err != nil {
		t.Error(err)
	}
}
