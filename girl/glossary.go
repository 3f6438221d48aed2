package girl

import "genjobrec/girl/ppo"

// LoggedResults are the files whose metrics the glossary explains beside the trainings' logs.
const LoggedResults = "results.csv, rq3.csv and rq4.csv (a metric; _low and _high end its 95 % interval)"

// Glossary explains every number that trainings log and every metric of the results in long form.
func Glossary() []ppo.Term {
	const (
		number = "number"
		share  = "share"
		nats   = "nats"
	)
	terms := ppo.Glossary()
	for _, t := range []ppo.Term{
		{Name: "auc", Formula: "share of pairs of a matched and a mismatched test pair that the scores order rightly, ties half", Unit: share, Healthy: "0.5 is chance; at most the Bayes ceiling where it is known; near 1 on real data suggests a leak"},
		{Name: "logloss", Formula: "−mean of log of the probability given to what happened, probabilities clipped to [1e-15, 1−1e-15]", Unit: nats, Healthy: "below that of the base rate, the CV-id prior's; lower is better"},
		{Name: "brier", Formula: "mean of (probability − label)²", Unit: "squared probability", Healthy: "below 0.25, which 0.5 everywhere has; lower is better"},
		{Name: "ece", Formula: "Σ over 15 bins of equal width of (pairs in the bin / pairs)·|mean probability − share of matches|", Unit: "probability", Healthy: "below 0.05; grows with few pairs by chance alone"},
		{Name: "calibration_slope", Formula: "a of the logistic regression of labels on a·logit(p) + b", Unit: number, Healthy: "1; below, the matcher is too sure of itself"},
		{Name: "calibration_intercept", Formula: "b of that regression", Unit: "log-odds", Healthy: "0; above, too few matches are predicted"},
		{Name: "_test_low", Formula: "low end of the interval over test pairs alone, without the spread between seeds", Unit: "as its metric", Healthy: "–"},
		{Name: "_test_high", Formula: "high end of that interval", Unit: "as its metric", Healthy: "–"},
		{Name: "_delong_low", Formula: "low end of DeLong's interval of AUC of one seed", Unit: share, Healthy: "near the bootstrap's; narrower where pairs of a CV depend on each other"},
		{Name: "_delong_high", Formula: "high end of that interval", Unit: share, Healthy: "–"},
		{Name: "diff_auc", Formula: "AUC of the model − AUC of the model it is compared with", Unit: share, Healthy: "above 0 is better"},
		{Name: "diff_logloss", Formula: "LogLoss of the model − LogLoss of the model it is compared with", Unit: nats, Healthy: "below 0 is better"},
		{Name: "_p", Formula: "two-sided p-value of the difference by the paired bootstrap over CV groups and, from two seeds on, the spread between seeds", Unit: "probability", Healthy: "read _p_holm instead where more than one is looked at"},
		{Name: "_p_holm", Formula: "the same, corrected over the table by Holm's method", Unit: "probability", Healthy: "below 0.05 is shown"},
		{Name: "_delong_p", Formula: "two-sided p-value of the difference of AUC by DeLong's test, pairs taken as independent", Unit: "probability", Healthy: "too small where CVs have many pairs"},
		{Name: "_delong_group_p", Formula: "the same with CV groups as units (Obuchowski 1997)", Unit: "probability", Healthy: "near _p"},
		{Name: "sft_loss", Formula: "valid_loss of the kept epoch", Unit: "nats a token", Healthy: "as valid_loss"},
		{Name: "reward_accuracy", Formula: "accuracy of the reward model, every CV weighing the same", Unit: share, Healthy: "as accuracy"},
		{Name: "reward_pair_accuracy", Formula: "the same over all pairs alike", Unit: share, Healthy: "as pair_accuracy"},
		{Name: "best_round", Formula: "PPO round whose weights were kept; 0 is the start", Unit: number, Healthy: "above 0; at 0 the writer is its start"},
		{Name: "kl", Formula: "mean over JDs of Σ log-ratio of the writer to its start", Unit: "nats a JD", Healthy: "a few nats; of best-of-n its bound log n − (n−1)/n"},
		{Name: "proxy_reward", Formula: "mean normalised score of JDs for test CVs", Unit: "standard deviations of the reference's scores", Healthy: "higher than the start's; what PPO raises, no witness of quality"},
		{Name: "gold_reward", Formula: "mean true acceptance probability of JDs for test CVs, on the market", Unit: "probability", Healthy: "rising with the proxy; real matches have about 0.6"},
		{Name: "eos_rate", Formula: "JDs that end / JDs", Unit: share, Healthy: "near 1"},
		{Name: "tokens", Formula: "mean tokens of a JD", Unit: "tokens", Healthy: "near that of real JDs as far as they are cut"},
		{Name: "tokens_per_cv", Formula: "tokens written for a CV, all its JDs together", Unit: "tokens", Healthy: "K times the length"},
		{Name: "ms_per_cv", Formula: "wall time of writing them, other seeds side by side included", Unit: "milliseconds", Healthy: "grows slower than K, as prompts are shared"},
	} {
		t.Where = LoggedResults
		terms = append(terms, t)
	}
	return terms
}
