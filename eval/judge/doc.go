// Package judge compares generated job descriptions (JDs) with each other for a CV: which of two has the better level of
// detail, relevance, conciseness, and which is better overall (research question RQ1 of GIRL, arXiv 2307.02157).
//
// A [Contest] is two texts of two systems for one CV; a judge gives a [Verdict], win, tie or lose on each [Criterion] from
// the side of system A, or invalid where it could not tell. Three judges share the [Judge] interface:
//
//   - [LLM] asks a large language model behind any OpenAI-compatible endpoint, once in each order of the two texts;
//   - [Market] knows the truth of the synthetic labour market and needs no network;
//   - [Reference] compares with the JDs that truly matched the CV, on any data, and needs no network either.
//
// What the judges say is summed up by [NewMatrix] (win, tie and lose counts with intervals), [LengthEffect] (how much of a
// win rate is length), [Orders] (position bias) and [Agree] (two judges on the same contests).
//
// The paper's judge, its wording and its counts are not known: prompts, margins and combinations here are our own choices,
// each documented where it is made.
//
// The package knows nothing of models and keeps no global state. Conventions:
//
//   - outcomes are from the side of system A;
//   - what cannot be judged is [Invalid]: it is counted and left out of rates, never tossed as a coin;
//   - lengths are counts of [Tokens] unless the caller gives another measure;
//   - a win rate counts a tie as half a win; the net win rate is wins less losses over valid contests.
package judge
