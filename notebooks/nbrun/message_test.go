package main

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The HMAC-SHA256 of this sentence under the key "key" is a widely published example; `printf '%s' SENTENCE | openssl dgst
// -sha256 -hmac key` gives it, too. The frames are signed as if they stood in one row.
func TestSign(t *testing.T) {
	frames := [][]byte{[]byte("The quick brown "), []byte("fox jumps "), nil, []byte("over the lazy dog")}
	got := string(sign([]byte("key"), frames))
	if want := "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestEncodeDecode(t *testing.T) {
	key := []byte("secret")
	sent, err := newRequest("session-1", "execute_request", map[string]string{"code": "1 < 2"})
	if err != nil {
		t.Fatal(err)
	}
	sent.Parent = header{ID: "parent-1", Type: "kernel_info_request"}
	frames, err := sent.encode(key)
	if err != nil {
		t.Fatal(err)
	}
	if len(frames) != 6 || string(frames[0]) != "<IDS|MSG>" || string(frames[4]) != "{}" {
		t.Fatalf("frames on the wire: %q", frames)
	}
	got, err := decode(key, append([][]byte{[]byte("route 1"), []byte("route 2")}, frames...))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("sent and received (-sent +received):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	key := []byte("secret")
	m := message{Header: header{ID: "1"}, Content: json.RawMessage(`{"code":"a"}`)}
	good, err := m.encode(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, frames := range map[string][][]byte{
		"another content": append(append([][]byte{}, good[:5]...), []byte(`{"code":"b"}`)),
		"no signature":    append([][]byte{good[0], nil}, good[2:]...),
	} {
		if _, err := decode(key, frames); !errors.Is(err, errUnsigned) {
			t.Errorf("%s: error %v, want %v", name, err, errUnsigned)
		}
	}
	if _, err := decode([]byte("other"), good); !errors.Is(err, errUnsigned) {
		t.Errorf("another key: error %v, want %v", err, errUnsigned)
	}
	for _, frames := range [][][]byte{nil, good[:4], good[1:]} {
		if _, err := decode(key, frames); err == nil || errors.Is(err, errUnsigned) {
			t.Errorf("%d frames: error %v, want one about frames", len(frames), err)
		}
	}
}
