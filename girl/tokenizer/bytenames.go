package tokenizer

// A tokenizer.json file must name tokens that are not valid UTF-8. GPT-2's way: each byte has a
// printable character as its name. Bytes that print in Latin-1 (0x21–0x7E, 0xA1–0xAC, 0xAE–0xFF)
// are their own names; the other 68 take U+0100, U+0101, … in the order of their values, so that a
// space is Ġ (U+0120) and a newline Ċ (U+010A).

// nameOfByte and byteOfName are that table, both ways.
var nameOfByte, byteOfName = func() (names [256]rune, bytes map[rune]byte) {
	bytes = make(map[rune]byte, 256)
	next := rune(0x100)
	for b := range rune(256) {
		names[b] = b
		if b <= 0x20 || b >= 0x7f && b <= 0xa0 || b == 0xad {
			names[b] = next
			next++
		}
		bytes[names[b]] = byte(b)
	}
	return names, bytes
}()

// byteName writes token bytes as the name they have in a tokenizer.json file.
func byteName(token string) string {
	name := make([]rune, len(token))
	for i := range len(token) {
		name[i] = nameOfByte[token[i]]
	}
	return string(name)
}

// bytesOfName is the inverse of byteName; ok is false for a name with any other character.
func bytesOfName(name string) (token string, ok bool) {
	b := make([]byte, 0, len(name))
	for _, r := range name {
		value, ok := byteOfName[r]
		if !ok {
			return "", false
		}
		b = append(b, value)
	}
	return string(b), true
}
