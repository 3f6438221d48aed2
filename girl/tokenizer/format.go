package tokenizer

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
)

// The parts of a tokenizer.json file, version 1.0, as Hugging Face tokenizers writes it. A member
// that is not listed here is an error on reading: it could change what the ids mean.

const formatVersion = "1.0"

type fileFormat struct {
	Version       string         `json:"version"`
	Truncation    jsontext.Value `json:"truncation"`
	Padding       jsontext.Value `json:"padding"`
	AddedTokens   []addedToken   `json:"added_tokens"`
	Normalizer    jsontext.Value `json:"normalizer"`
	PreTokenizer  jsontext.Value `json:"pre_tokenizer"`
	PostProcessor jsontext.Value `json:"post_processor"`
	Decoder       jsontext.Value `json:"decoder"`
	Model         jsontext.Value `json:"model"`
}

type addedToken struct {
	ID         *int32 `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"` // without a normalizer it has no meaning
	Special    bool   `json:"special"`
}

// byteLevel is a pre-tokenizer, post-processor or decoder. trim_offsets is about offsets, which
// this package has none of.
type byteLevel struct {
	Type           string `json:"type"`
	AddPrefixSpace *bool  `json:"add_prefix_space"` // absent means true
	TrimOffsets    bool   `json:"trim_offsets"`
	UseRegex       *bool  `json:"use_regex"` // absent means true
}

// bpeModel is the model. unk_token and fuse_unk are about characters without a token, which a
// vocabulary that has every byte does not meet.
type bpeModel struct {
	Type                    string            `json:"type"` // older files have none
	Dropout                 *float64          `json:"dropout"`
	UnkToken                *string           `json:"unk_token"`
	ContinuingSubwordPrefix *string           `json:"continuing_subword_prefix"`
	EndOfWordSuffix         *string           `json:"end_of_word_suffix"`
	FuseUnk                 bool              `json:"fuse_unk"`
	ByteFallback            bool              `json:"byte_fallback"`
	IgnoreMerges            bool              `json:"ignore_merges"`
	Vocab                   map[string]*int32 `json:"vocab"`
	Merges                  []jsontext.Value  `json:"merges"`
}

// strict reads JSON into out: unknown and repeated members, other types, numbers out of range,
// invalid UTF-8 and anything after the end are errors that name the member.
func strict(data []byte, out any) error {
	return json.Unmarshal(data, out, json.RejectUnknownMembers(true))
}

func isNull(v jsontext.Value) bool { return len(v) == 0 || v.Kind() == 'n' }

// checkParts reports the first part of the file, the model apart, that this package cannot honour.
func (f *fileFormat) checkParts() error {
	if f.Version != formatVersion {
		return fmt.Errorf("version is %q, want %q", f.Version, formatVersion)
	}
	for _, part := range []struct {
		key   string
		value jsontext.Value
	}{{"truncation", f.Truncation}, {"padding", f.Padding}, {"normalizer", f.Normalizer}} {
		if !isNull(part.value) {
			return fmt.Errorf("%s is set, only null is understood", part.key)
		}
	}
	pre, err := readByteLevel("pre_tokenizer", f.PreTokenizer)
	if err != nil {
		return err
	}
	if pre.AddPrefixSpace == nil || *pre.AddPrefixSpace {
		return errors.New("pre_tokenizer.add_prefix_space is true or absent, only false is understood")
	}
	if pre.UseRegex != nil && !*pre.UseRegex {
		return errors.New("pre_tokenizer.use_regex is false, only true is understood")
	}
	if !isNull(f.PostProcessor) {
		if _, err := readByteLevel("post_processor", f.PostProcessor); err != nil {
			return err
		}
	}
	_, err = readByteLevel("decoder", f.Decoder)
	return err
}

// readByteLevel reads a part that must be of type ByteLevel.
func readByteLevel(key string, value jsontext.Value) (byteLevel, error) {
	var head struct {
		Type string `json:"type"`
	}
	if isNull(value) {
		return byteLevel{}, fmt.Errorf("%s is missing or null, only type \"ByteLevel\" is understood", key)
	}
	if err := json.Unmarshal(value, &head); err != nil {
		return byteLevel{}, fmt.Errorf("%s: %w", key, err)
	}
	if head.Type != "ByteLevel" {
		return byteLevel{}, fmt.Errorf("%s.type is %q, only \"ByteLevel\" is understood", key, head.Type)
	}
	var b byteLevel
	if err := strict(value, &b); err != nil {
		return byteLevel{}, fmt.Errorf("%s: %w", key, err)
	}
	return b, nil
}

// readModel reads the model and checks its options; its vocabulary is left to the caller.
func readModel(value jsontext.Value) (bpeModel, error) {
	var head struct {
		Type string `json:"type"`
	}
	if isNull(value) {
		return bpeModel{}, errors.New("model is missing or null")
	}
	if err := json.Unmarshal(value, &head); err != nil {
		return bpeModel{}, fmt.Errorf("model: %w", err)
	}
	if head.Type != "BPE" && head.Type != "" {
		return bpeModel{}, fmt.Errorf("model.type is %q, only \"BPE\" is understood", head.Type)
	}
	var m bpeModel
	if err := strict(value, &m); err != nil {
		return bpeModel{}, fmt.Errorf("model: %w", err)
	}
	switch {
	case m.Dropout != nil && *m.Dropout != 0:
		return bpeModel{}, fmt.Errorf("model.dropout is %v, only null is understood", *m.Dropout)
	case m.ContinuingSubwordPrefix != nil && *m.ContinuingSubwordPrefix != "":
		return bpeModel{}, fmt.Errorf("model.continuing_subword_prefix is %q, only null is understood", *m.ContinuingSubwordPrefix)
	case m.EndOfWordSuffix != nil && *m.EndOfWordSuffix != "":
		return bpeModel{}, fmt.Errorf("model.end_of_word_suffix is %q, only null is understood", *m.EndOfWordSuffix)
	case m.ByteFallback:
		return bpeModel{}, errors.New("model.byte_fallback is true, only false is understood")
	case m.IgnoreMerges:
		return bpeModel{}, errors.New("model.ignore_merges is true, only false is understood")
	case m.Vocab == nil:
		return bpeModel{}, errors.New("model.vocab is missing")
	case m.Merges == nil:
		return bpeModel{}, errors.New("model.merges is missing")
	}
	return m, nil
}
