package girl

import "testing"

func TestPrintable(t *testing.T) {
	if got, want := printable("a\tb\n招聘 \x1b[31m\r\x9b2J\u009b\xff\x7f"), "a\tb\n招聘 \ufffd[31m\ufffd\ufffd2J\ufffd\ufffd\ufffd"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
