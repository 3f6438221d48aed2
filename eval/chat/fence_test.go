package chat

import (
	"strings"
	"testing"
)

// A text that foresaw codes, in either letter case: the fence goes on to one that is free.
func TestFenceSkipsCodesInTexts(t *testing.T) {
	codes := []string{"aa01", "bb02", "cc03"}
	got := free([]string{"x AA01 y", "nothing", "-----END CV bb02-----"}, func(n uint64) string { return codes[n] })
	if got != "cc03" {
		t.Errorf("code %s, want cc03", got)
	}
	if got, want := Fence("a", "b"), fenceCode(0, []string{"a", "b"}); got != want {
		t.Errorf("code %s, want the first of the sequence, %s", got, want)
	}
	if Fence("ab", "c") == Fence("a", "bc") {
		t.Error("texts run together in the code")
	}
}

func TestEnclose(t *testing.T) {
	got := Enclose("CV", "a\nb", "c0de")
	if want := "-----BEGIN CV c0de-----\na\nb\n-----END CV c0de-----\n\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !strings.HasPrefix(got, "-----BEGIN") {
		t.Error("no beginning")
	}
}
