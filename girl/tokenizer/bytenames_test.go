package tokenizer

import "testing"

func TestByteNames(t *testing.T) {
	for _, tc := range []struct{ token, want string }{
		{" the", "Ġthe"},
		{"\n\t\r", "Ċĉč"},  // 0x100 + 10, 9, 13
		{"\x00", "Ā"},      // the first of the 68 without a glyph
		{"~\x7f", "~ġ"},    // 33 come before 0x7f: 0x100 + 33
		{"\xa0\xad", "łŃ"}, // 33 + (0xa0-0x7f) = 66 and 67, the last
		{"\xa1\xff", "¡ÿ"}, // Latin-1 keeps its characters
		{"你", "ä½ł"},       // e4 bd a0
	} {
		got := byteName(tc.token)
		if got != tc.want {
			t.Errorf("byteName(%q) = %q, want %q", tc.token, got, tc.want)
		}
		if back, ok := bytesOfName(got); !ok || back != tc.token {
			t.Errorf("bytesOfName(%q) = %q, %v, want %q, true", got, back, ok, tc.token)
		}
	}
	seen := make(map[string]bool)
	for b := range 256 {
		seen[byteName(string([]byte{byte(b)}))] = true
	}
	if len(seen) != 256 {
		t.Errorf("256 bytes have %d names", len(seen))
	}
	if _, ok := bytesOfName("a b"); ok {
		t.Error("bytesOfName accepts a space, which names no byte")
	}
}
