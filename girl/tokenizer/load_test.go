package tokenizer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file in the layout that Hugging Face tokenizers 0.20 and later writes for a GPT-2 style model:
// merges as arrays, the special token at the end, bytes in the order of their names.
func TestLoadHuggingFaceLayout(t *testing.T) {
	tok, err := Load("testdata/huggingface.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.VocabSize(); got != 260 {
		t.Fatalf("VocabSize() = %d, want 260", got)
	}
	for _, tc := range []struct {
		token string
		want  int32
	}{
		{"!", 0}, {"\"", 1}, {"A", 32}, {"a", 64}, // printable ASCII starts at 0x21
		{"\xa1", 94}, {"\x00", 188}, {" ", 220}, // as in GPT-2's own vocabulary
		{" t", 256}, {"he", 257}, {" the", 258}, {EndOfText, 259},
	} {
		if got, ok := tok.ID(tc.token); !ok || got != tc.want {
			t.Errorf("ID(%q) = %d, %v, want %d", tc.token, got, ok, tc.want)
		}
	}
	// " the" by Ġ·t, h·e, Ġt·he; "!" 0; "the" has no space and so t (83), he.
	if diff := cmp.Diff([]int32{258, 0, 220, 258, 188}, tok.Encode(" the!  the\x00")); diff != "" {
		t.Errorf("Encode (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int32{83, 257}, tok.Encode("the")); diff != "" {
		t.Errorf("Encode (-want +got):\n%s", diff)
	}
}

// edits of a good file, by text: old to new.
func edited(t *testing.T, good string, edits ...string) string {
	t.Helper()
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(good, edits[i]) {
			t.Fatalf("the file does not contain %q", edits[i])
		}
		good = strings.Replace(good, edits[i], edits[i+1], 1)
	}
	return good
}

func TestLoadAccepts(t *testing.T) {
	want := golden(t)
	good := string(want.format())
	for name, edits := range map[string][]string{
		"merges as arrays":        {`"l o"`, `["l", "o"]`, `"lo w"`, `["lo","w"]`},
		"no type, as older files": {`"type": "BPE",`, ``},
		"no use_regex, no post_processor": {`"trim_offsets": true,
    "use_regex": true`, `"trim_offsets": true`, `"post_processor": null,`, ``},
		"post_processor ByteLevel": {`"post_processor": null`, `"post_processor": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false}`},
		"empty unk_token":          {`"unk_token": null`, `"unk_token": ""`},
		"special not in vocab":     {`"<|pad|>": 0,`, ``},
		"dropout 0":                {`"dropout": null`, `"dropout": 0.0`},
	} {
		got, err := parse([]byte(edited(t, good, edits...)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !equal(got, want) {
			t.Errorf("%s: another tokenizer: %q", name, got.tokens)
		}
	}
}

func TestLoadRejects(t *testing.T) {
	good := string(golden(t).format())
	const (
		pre     = "\"pre_tokenizer\": {\n    \"type\": \"ByteLevel\""
		decoder = "\"decoder\": {\n    \"type\": \"ByteLevel\""
		prefix  = "\"add_prefix_space\": false,\n    \"trim_offsets\": true,\n    \"use_regex\": true"
	)
	for _, tc := range []struct {
		want  string // in the error
		edits []string
	}{
		{"version", []string{`"1.0"`, `"2.0"`}},
		{"version", []string{`"version": "1.0",`, ``}},
		{"unknown", []string{`"version": "1.0",`, `"version": "1.0", "extra": 1,`}},
		{"/version", []string{`"version": "1.0",`, `"version": 1.0,`}},
		{"version", []string{`"version": "1.0",`, `"version": "1.0", "version": "1.0",`}},
		{"truncation", []string{`"truncation": null`, `"truncation": {"max_length": 8}`}},
		{"padding", []string{`"padding": null`, `"padding": {}`}},
		{"normalizer", []string{`"normalizer": null`, `"normalizer": {"type": "NFC"}`}},
		{`pre_tokenizer.type is "Sequence"`, []string{pre, `"pre_tokenizer": {"type": "Sequence", "pretokenizers": []`}},
		{`pre_tokenizer.type is ""`, []string{pre, `"pre_tokenizer": {"kind": 1`}},
		{"pre_tokenizer.add_prefix_space", []string{`"add_prefix_space": false`, `"add_prefix_space": true`}},
		{"pre_tokenizer.add_prefix_space", []string{`"add_prefix_space": false,`, ``}},
		{"pre_tokenizer.use_regex", []string{prefix, strings.Replace(prefix, "\"use_regex\": true", "\"use_regex\": false", 1)}},
		{"pre_tokenizer: ", []string{prefix, prefix + `, "behavior": "Isolated"`}},
		{`post_processor.type is "TemplateProcessing"`, []string{`"post_processor": null`, `"post_processor": {"type": "TemplateProcessing", "single": []}`}},
		{`decoder.type is "WordPiece"`, []string{decoder, strings.Replace(decoder, "ByteLevel", "WordPiece", 1)}},
		{"model.type is \"WordPiece\"", []string{`"type": "BPE"`, `"type": "WordPiece"`}},
		{"model.dropout", []string{`"dropout": null`, `"dropout": 0.1`}},
		{"model.continuing_subword_prefix", []string{`"continuing_subword_prefix": null`, `"continuing_subword_prefix": "##"`}},
		{"model.end_of_word_suffix", []string{`"end_of_word_suffix": null`, `"end_of_word_suffix": "</w>"`}},
		{"model.byte_fallback", []string{`"byte_fallback": false`, `"byte_fallback": true`}},
		{"model.ignore_merges", []string{`"ignore_merges": false`, `"ignore_merges": true`}},
		{"unknown", []string{`"ignore_merges": false`, `"ignore_mergers": false`}},
		{"/vocab/a", []string{`"a": 101`, `"a": 101.5`}},
		{"/vocab/a", []string{`"a": 101`, `"a": "101"`}},
		{"/vocab/a", []string{`"a": 101`, `"a": 9999999999`}},
		{"model.vocab: the id of \"a\" is null", []string{`"a": 101`, `"a": null`}},
		{"duplicate", []string{`"a": 101,`, `"a": 101, "a": 101,`}},
		{"byte 0x61 has no token", []string{`"a": 101`, `"aa": 101`}},
		{"no hole", []string{`"a": 101`, `"a": 1000`}},
		{"no hole", []string{`"a": 101`, `"a": -1`}},
		{"id of another token", []string{`"a": 101`, `"a": 102`}},
		{`"a b" (id 101) is neither`, []string{`"a": 101`, `"a b": 101`}},
		{`"你" (id 101) is neither`, []string{`"a": 101`, `"你": 101`}},
		{`"" (id 101) is neither`, []string{`"a": 101`, `"": 101`}},
		{"model.merges[1]: \"lox\"", []string{`"lo w"`, `"lo x"`}},
		{"model.merges[1]: \"lx\"", []string{`"lo w"`, `"lx w"`}},
		{"model.merges[1]: \"low\" is not two", []string{`"lo w"`, `"low"`}},
		{"model.merges[1]: \"l o w\" is not two", []string{`"lo w"`, `"l o w"`}},
		{"model.merges[1]: has 3 names", []string{`"lo w"`, `["l", "o", "w"]`}},
		{"model.merges[1]: ", []string{`"lo w"`, `7`}},
		{"model.merges[1]: ", []string{`"lo w"`, `["lo", 7]`}},
		{"model.merges[1]: \"\"", []string{`"lo w"`, `["low", ""]`}},
		{"model.merges[1] joins \"l\" and \"o\" a second time", []string{`"lo w"`, `"l o"`}},
		{"added_tokens[0].special", []string{`"special": true`, `"special": false`}},
		{"added_tokens[0].special", []string{",\n      \"special\": true", ``}},
		{"added_tokens[0].id is missing", []string{`"id": 0,`, ``}},
		{"added_tokens[0].content", []string{`"content": "<|pad|>",`, ``}},
		{"added_tokens[0] \"<|pad|>\" has single_word", []string{`"lstrip": false`, `"lstrip": true`}},
		{"added_tokens[1].content \"<|pad|>\" appears twice", []string{`"content": "<|endoftext|>"`, `"content": "<|pad|>"`}},
		{"added_tokens: \"<|pad|>\" has id 1, but 0 in model.vocab", []string{`"id": 0`, `"id": 1`}},
		{`"low" is a special token`, []string{`"content": "<|pad|>"`, `"content": "low"`, `"id": 0`, `"id": 261`}},
		{"invalid", []string{`"<|pad|>"`, "\"<|p\xffad|>\""}},
		{"surrogate", []string{`"<|pad|>"`, `"<|p\ud800ad|>"`}},
	} {
		_, err := parse([]byte(edited(t, good, tc.edits...)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("after %q: error %v, want one with %q", tc.edits, err, tc.want)
		}
	}
}

func TestLoadMissingParts(t *testing.T) {
	const (
		version = `"version":"1.0"`
		pre     = `"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}`
		decoder = `"decoder":{"type":"ByteLevel"}`
	)
	for _, tc := range []struct {
		want  string // in the error
		parts []string
	}{
		{"version is \"\"", nil},
		{"pre_tokenizer is missing", []string{version}},
		{"pre_tokenizer is missing", []string{version, `"pre_tokenizer":null`}},
		{"pre_tokenizer", []string{version, `"pre_tokenizer":7`}},
		{"decoder is missing", []string{version, pre}},
		{"decoder is missing", []string{version, pre, `"decoder":null`}},
		{"model is missing", []string{version, pre, decoder}},
		{"model is missing", []string{version, pre, decoder, `"model":null`}},
		{"model: ", []string{version, pre, decoder, `"model":[]`}},
		{"model.vocab is missing", []string{version, pre, decoder, `"model":{"merges":[]}`}},
		{"model.merges is missing", []string{version, pre, decoder, `"model":{"vocab":{}}`}},
		{"model.vocab: byte 0x00 has no token", []string{version, pre, decoder, `"model":{"vocab":{},"merges":[]}`}},
	} {
		_, err := parse([]byte("{" + strings.Join(tc.parts, ",") + "}"))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("file of %q: error %v, want one with %q", tc.parts, err, tc.want)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	good := golden(t).format()
	for name, content := range map[string][]byte{
		"empty": nil, "text": []byte("#version: 0.2\nl o\n"), "null": []byte("null"), "array": []byte("[]"),
		"twice": append(good, good...), "half": good[:len(good)/2],
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Load of %s: error %v, want one that names the file", name, err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "missing")} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Load(%q): error %v, want one that names the file", path, err)
		}
	}
}

func TestLoadTruncated(t *testing.T) {
	good := golden(t).format()
	end := len(good) - len("\n") // the file is whole without its last newline
	for n := range end {
		if _, err := parse(good[:n]); err == nil {
			t.Fatalf("a file cut after %d of %d bytes loads", n, len(good))
		}
	}
}
