package chat

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Fence is a code of 32 hexadecimal digits that none of the texts contains, in either letter case. It is a hash of all
// texts, so that the same texts always make the same prompt (and can be cached) while an author of one text, who does
// not know the others, cannot foresee it. Should a text hold the code nonetheless, the next one of the sequence is taken.
func Fence(texts ...string) string {
	return free(texts, func(n uint64) string { return fenceCode(n, texts) })
}

// Enclose puts an untrusted text between a BEGIN line and an END line with a code of [Fence].
func Enclose(name, text, code string) string {
	return fmt.Sprintf("-----BEGIN %s %s-----\n%s\n-----END %s %s-----\n\n", name, code, text, name, code)
}

// free is the first code of a sequence that no text contains, in either letter case.
func free(texts []string, code func(n uint64) string) string {
	for n := uint64(0); ; n++ {
		c := code(n)
		if !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), c) }) {
			return c
		}
	}
}

// fenceCode is number n of the sequence of codes for the texts.
func fenceCode(n uint64, texts []string) string {
	sum := Hash(append([]string{"fence", fmt.Sprint(n)}, texts...)...)
	return hex.EncodeToString(sum[:16])
}

// Hash is the sha256 of the texts, each with its length before it, so that no two lists of texts run together.
func Hash(texts ...string) [sha256.Size]byte {
	h := sha256.New()
	for _, t := range texts {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(t)))
		h.Write(n[:])
		_, _ = io.WriteString(h, t) // a hash never fails
	}
	return [sha256.Size]byte(h.Sum(nil))
}
