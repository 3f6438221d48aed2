package tokenizer_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"genjobrec/girl/tokenizer"
)

func Example() {
	texts := []string{"Go engineer", "Go developer", "senior Go engineer"}
	tok, err := tokenizer.Train(context.Background(), slices.Values(texts), tokenizer.Options{VocabSize: 300})
	if err != nil {
		log.Fatal(err)
	}
	end, _ := tok.ID(tokenizer.EndOfText)
	ids := append(tok.Encode("senior Go<|endoftext|>"), end)
	fmt.Println(tok.IsSpecial(ids[len(ids)-1]), tok.IsSpecial(ids[len(ids)-2]))
	fmt.Println(tok.Decode(ids))
	fmt.Println(tok.DecodeText(ids))
	// Output:
	// true false
	// senior Go<|endoftext|><|endoftext|>
	// senior Go<|endoftext|>
}
