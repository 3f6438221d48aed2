package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// header names a message of the Jupyter protocol, version 5,
// https://jupyter-client.readthedocs.io/en/stable/messaging.html.
type header struct {
	ID      string `json:"msg_id"`
	Session string `json:"session"`
	User    string `json:"username"`
	Date    string `json:"date"`
	Type    string `json:"msg_type"`
	Version string `json:"version"`
}

// message is one message without its routing prefix.
type message struct {
	Header  header
	Parent  header // of the request it answers; zero for a request
	Content json.RawMessage
}

func newRequest(session, msgType string, content any) (message, error) {
	blob, err := json.Marshal(content)
	if err != nil {
		return message{}, fmt.Errorf("%s: %w", msgType, err)
	}
	return message{Content: blob, Header: header{ID: newID(), Session: session, User: "nbrun", Date: time.Now().UTC().Format(time.RFC3339Nano),
		Type: msgType, Version: "5.3"}}, nil
}

// newID is a random name in the form of a UUID, as front-ends use it.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// delimiter stands between the routing prefix and the signature.
var delimiter = []byte("<IDS|MSG>")

// errUnsigned marks a message that did not come from the holder of the key.
var errUnsigned = errors.New("the signature of a message from the kernel is wrong")

// sign is the hex HMAC-SHA256 of the four JSON frames.
func sign(key []byte, frames [][]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, f := range frames {
		mac.Write(f)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

// encode gives the frames on the wire: delimiter, signature, header, parent header, metadata, content.
func (m message) encode(key []byte) ([][]byte, error) {
	head, err := json.Marshal(m.Header)
	if err != nil {
		return nil, err
	}
	parent := []byte("{}")
	if m.Parent != (header{}) {
		if parent, err = json.Marshal(m.Parent); err != nil {
			return nil, err
		}
	}
	frames := [][]byte{head, parent, []byte("{}"), m.Content}
	return append([][]byte{delimiter, sign(key, frames)}, frames...), nil
}

// decode reads frames from the wire and checks their signature.
func decode(key []byte, frames [][]byte) (message, error) {
	var m message
	for len(frames) > 0 && !bytes.Equal(frames[0], delimiter) {
		frames = frames[1:]
	}
	if len(frames) < 6 {
		return m, fmt.Errorf("a message from the kernel has %d frames from the delimiter on, want at least 6", len(frames))
	}
	parts := frames[2:6]
	if !hmac.Equal(sign(key, parts), frames[1]) {
		return m, errUnsigned
	}
	m.Content = parts[3]
	for i, h := range []*header{&m.Header, &m.Parent} {
		if err := json.Unmarshal(parts[i], h); err != nil {
			return m, fmt.Errorf("header of a message from the kernel: %w", err)
		}
	}
	return m, nil
}
