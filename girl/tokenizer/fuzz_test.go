package tokenizer

import (
	"os"
	"testing"
)

func FuzzRoundTrip(f *testing.F) {
	for _, text := range []string{"", "low lower", "a  b\n\n", "工程师，", "<|endoftext|>", "\xff\x00\xe4\xbd", "👩‍💻 we're", mixed} {
		f.Add(text)
	}
	tok := mustTrain(f, Options{VocabSize: 600}, mixed)
	f.Fuzz(func(t *testing.T, text string) {
		ids := tok.Encode(text)
		if got := tok.DecodeText(ids); got != text {
			t.Errorf("DecodeText(Encode(%q)) = %q", text, got)
		}
		for _, id := range ids {
			if tok.IsSpecial(id) {
				t.Errorf("Encode(%q) has the special id %d", text, id)
			}
		}
	})
}

// Whatever a file holds: no panic, and what loads is saved as a file that loads as the same.
// Run it with -fuzzminimizetime=1x: minimising inputs of this size would take all the time.
func FuzzLoad(f *testing.F) {
	for _, path := range []string{"testdata/tokenizer.json", "testdata/huggingface.json"} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	for _, data := range []string{"", "null", "{}", `{"version":"1.0","model":{"vocab":{"a":0},"merges":[["a","a"]]}}`} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := parse(data)
		if err != nil {
			return
		}
		again, err := parse(tok.format())
		if err != nil {
			t.Fatalf("a saved tokenizer does not load: %v", err)
		}
		if !equal(tok, again) {
			t.Fatal("a saved tokenizer loads as another one")
		}
		text := string(data)
		if got := tok.Decode(tok.Encode(text)); got != text {
			t.Errorf("Decode(Encode(%q)) = %q", text, got)
		}
	})
}
