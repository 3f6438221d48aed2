// Package chat asks questions of a language model behind any OpenAI-compatible endpoint: the judge and the writer of research
// question RQ1 share it. It retries with backoff, counts tokens and cost, keeps every answer in a file of JSON lines, so that
// no question is paid for twice, and fences off untrusted texts. It knows nothing of what is asked.
//
// The key of an endpoint is sent to that endpoint only: no print, log, error, encoder or file of this package shows it.
package chat
