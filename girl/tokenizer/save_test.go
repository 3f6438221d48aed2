package tokenizer

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is trained on "low lower lowest" and the Chinese character of work: small enough to read.
func golden(t *testing.T) *Tokenizer {
	t.Helper()
	return mustTrain(t, Options{VocabSize: 270}, "low lower lowest", "工工", `"\" <&>`)
}

func TestSaveGolden(t *testing.T) {
	const path = "testdata/tokenizer.json"
	got := golden(t).format()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", path, diff)
	}
}

// equal reports whether two tokenizers are the same in all but their caches.
func equal(a, b *Tokenizer) bool {
	return slices.Equal(a.tokens, b.tokens) && slices.Equal(a.special, b.special) && maps.Equal(a.ordinary, b.ordinary) &&
		maps.Equal(a.names, b.names) && a.bytes == b.bytes &&
		slices.Equal(a.merges, b.merges) && maps.Equal(a.rules, b.rules)
}

func TestSaveLoad(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Filter(func(s string) bool { return s != "" }).Draw(t, "text")
		names := rapid.SampledFrom([][]string{nil, noSpecials, {"填充", "a\"\\\n\x00<>", " ab"}}).Draw(t, "special tokens")
		want := mustTrain(t, Options{VocabSize: 300, MinFrequency: 1, SpecialTokens: names}, text)
		path := filepath.Join(dir, "tokenizer.json")
		if err := want.Save(path); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(got, want) {
			t.Fatalf("loaded tokenizer differs: %q, want %q", got.tokens, want.tokens)
		}
		if !bytes.Equal(got.format(), want.format()) {
			t.Fatal("saving the loaded tokenizer gives another file")
		}
	})
}

func TestSaveIsAtomic(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tokenizer.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := golden(t).Save(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Error(err)
	}
	// A folder cannot be replaced by a file: Save must say so and leave nothing behind.
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing", "tokenizer.json")
	for _, path := range []string{folder, missing} {
		if err := golden(t).Save(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Save(%q) error = %v, want one that names the path", path, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"folder", "tokenizer.json"}, names); diff != "" {
		t.Errorf("files left (-want +got):\n%s", diff)
	}
}
