package main

import (
	"strings"
	"testing"

	"genjobrec/girl"
)

func TestGlossary(t *testing.T) {
	code, stdout, stderr := girlCommand(t, "glossary")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, term := range girl.Glossary() {
		for _, part := range []string{term.Where, "  " + term.Name + " ", term.Formula, "unit: " + term.Unit + ";", "healthy: " + term.Healthy + "\n"} {
			if !strings.Contains(stdout, part) {
				t.Errorf("%s of %q is not explained: no %q", term.Name, term.Where, part)
			}
		}
	}
	if code, _, _ := girlCommand(t, "glossary", "kl"); code != exitUsage {
		t.Errorf("an argument: exit code %d", code)
	}
}
