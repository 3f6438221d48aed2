package chat

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/openai/openai-go/v3"
)

// What an endpoint's refusal is about is read from its short fields where it fills them in, else from its prose, which no error
// of ours repeats.

// wantsNewLimit says whether the endpoint refused a request because it knows the limit of answer tokens under its new name only.
// That a limit is too large, which some servers say with both names, is another matter.
func wantsNewLimit(err error) bool {
	var refused *openai.Error
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusBadRequest {
		return false
	}
	if refused.Param == "max_tokens" && refused.Code == "unsupported_parameter" {
		return true
	}
	says := strings.ToLower(refused.Message)
	return strings.Contains(says, "max_completion_tokens") && (strings.Contains(says, "not supported") || strings.Contains(says, "unsupported"))
}

// hint names the setting that the refusal is likely about; empty where there is none.
func (c Config) hint(refused *openai.Error) string {
	says := strings.ToLower(refused.Message)
	about := func(names ...string) bool {
		for _, name := range names {
			if refused.Param == name || strings.Contains(says, name) {
				return true
			}
		}
		return false
	}
	switch refused.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "check " + EnvAPIKey
	case http.StatusNotFound:
		return "check " + EnvBaseURL + " and " + c.modelVariable()
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		switch {
		case refused.Code == "context_length_exceeded" || about("max_tokens", "max_completion_tokens", "context length"):
			return fmt.Sprintf("the question and %d answer tokens are too much for the model: set %s to less, or name a model that reads more in %s", c.MaxTokens, c.MaxTokensVariable(), c.modelVariable())
		case about("temperature"):
			return fmt.Sprintf("the model refuses %s, as some reasoning models do: set %s=%s to have it sample at its own, or name another model in %s",
				c.SamplingWords(), c.variable(envTemperature, "its temperature"), defaultTemperature, c.modelVariable())
		case about("response_format", "json_schema", "json_object"):
			return fmt.Sprintf("the model refuses the format %s: set %s to another", c.Format, c.variable(envFormat, "format"))
		}
	}
	return ""
}
