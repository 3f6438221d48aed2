package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A PPO that goes wrong says so on the terminal in the round where it does, and in the manifest: the metric, its value, its limit, the usual causes.
func TestWarningsAreSeen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(finishedRun(t))); err != nil { // with all that comes before PPO
		t.Fatal(err)
	}
	code, stdout, stderr := girlCommand(t, "run", "-data", "market", "-profile", "smoke", "-seeds", "1", "-out", dir, "-set", "ppo.policy_rate=0.3", "-set", "ppo.epochs=4", "-set", "ppo.iterations=3")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	const warning = "warning: round 1: the probability ratios exploded: ratio_var "
	if !strings.Contains(stdout, "seed-1/ppo: "+warning) || !strings.Contains(stdout, "\n  "+warning) || strings.Count(stdout, warning) != 2 {
		t.Errorf("the terminal does not show the warning once when it comes and once when the stage is done:\n%s", stdout)
	}
	if !strings.Contains(stdout, "stopped early: round 3: KL ") || !strings.Contains(stdout, "is above max_kl 200") {
		t.Errorf("the terminal does not say why PPO stopped:\n%s", stdout)
	}
	var manifest struct {
		Stages []struct {
			Stage string
			Notes []string
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, s := range manifest.Stages {
		seen = seen || s.Stage == "ppo" && slices.ContainsFunc(s.Notes, func(n string) bool {
			return strings.HasPrefix(n, warning) && strings.Contains(n, "is above 1") && strings.Contains(n, "the usual causes are ")
		})
	}
	if !seen {
		t.Errorf("the manifest does not hold the warning: %+v", manifest.Stages)
	}
	if code, stdout, _ := girlCommand(t, "run", "-data", "market", "-profile", "smoke", "-seeds", "2", "-out", dir); code != exitOK || strings.Contains(stdout, "warning: round") {
		t.Errorf("a healthy PPO: exit code %d\n%s", code, stdout)
	}
}
