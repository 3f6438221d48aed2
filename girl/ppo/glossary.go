package ppo

import "fmt"

// Term explains one number that training logs.
type Term struct {
	Where   string // the log: see the Logged constants
	Name    string // in JSON
	Formula string
	Unit    string
	Healthy string // what to expect, and when to worry
}

// The logs that Glossary explains: entries of ppo.json, sft.json and reward.json.
const (
	LoggedRound      = "PPO, a round (history of ppo.json)"
	LoggedEvaluation = "PPO, an evaluation (evaluations of ppo.json)"
	LoggedSFT        = "SFT, an epoch (history of sft.json)"
	LoggedReward     = "reward model, an epoch (history of reward.json)"
	LoggedMetrics    = "reward model, held-out pairs (valid and test of reward.json)"
)

// Glossary lists every number that SFT, reward model and PPO log. π is the policy, π_old the policy that wrote the round's responses, π_ref the
// fine-tuned writer; n counts a round's responses, t the tokens of a response.
func Glossary() []Term {
	const (
		number = "number"
		share  = "share"
		nats   = "nats"
		jd     = "nats a response"
		token  = "nats a token"
		scale  = "standard deviations of the reference's scores"
	)
	return []Term{
		{LoggedRound, "iteration", "number of the round, from 1", number, "–"},
		{LoggedRound, "warmup", "the critic alone was updated", "true or absent", "true in the first critic_warmup rounds; the policy's update metrics are 0 or absent then, as none was measured"},
		{LoggedRound, "score", "mean over n of U normalised, eos_penalty for a response that does not end", scale, "about 0 at the start if responses end, then rising; rising while gold falls is over-optimisation"},
		{LoggedRound, "reward", "mean over n of score − β·Σₜ(log π_old − log π_ref): what PPO maximises", scale, "rising"},
		{LoggedRound, "kl", "mean over n of Σₜ(log π_old − log π_ref)", jd,
			fmt.Sprintf("0 in the first round, then rising and levelling off at a few nats; warning below %g, stop above max_kl", limitNegativeKL)},
		{LoggedRound, "entropy", "−mean over tokens of log π_old", token, fmt.Sprintf("falls slowly; warning below %g of the first round's", limitEntropyShare)},
		{LoggedRound, "eos_rate", "responses that end in EOS / n", share, fmt.Sprintf("near 1; warning below %g", limitEOSRate)},
		{LoggedRound, "length", "mean tokens of a response, EOS included", "tokens", "near that of real JDs; a drift to either end is a reward model that loves length"},
		{LoggedRound, "beta", "β in force during the round", scale + " a nat", "constant, or with adaptive_kl slowly moving"},
		{LoggedRound, "policy_loss", "mean over the round's minibatches of the mean over a minibatch's tokens of max(−A·r, −A·clip(r, 1−ε, 1+ε)), r = π/π_old, A whitened", number, "near 0, as advantages are centred: its size says nothing"},
		{LoggedRound, "value_loss", "mean over minibatches of ½ the mean over tokens of max((V−R)², (V_clip−R)²)", "squared " + scale, "falling, fast during the warm-up"},
		{LoggedRound, "approx_kl", "mean over minibatches of the mean over tokens of r − 1 − log r, Schulman's k3 of KL(π_old‖π)", token, "above 0 and below 0.05; well above is too high a policy_rate"},
		{LoggedRound, "policy_clipped", "mean over minibatches of the share of tokens whose clipped branch is the larger", share, fmt.Sprintf("a few hundredths with one epoch, 0.05 to 0.3 with four; warning above %g", limitPolicyClipped)},
		{LoggedRound, "value_clipped", "mean over minibatches of the share of values whose clipped branch is the larger", share, "high during the warm-up, then below 0.5; above, value_clip holds the critic back"},
		{LoggedRound, "ratio_mean", "mean over minibatches of the mean over tokens of r", number, fmt.Sprintf("within 0.05 of 1; warning beyond %g of it; absent in the warm-up", limitRatioMean)},
		{LoggedRound, "ratio_var", "mean over minibatches of the variance over tokens of r", number, fmt.Sprintf("near 0.01; warning above %g, where half of the tokens' worth is lost", limitRatioVar)},
		{LoggedRound, "first_ratio", "mean of r on the round's first minibatch", number, fmt.Sprintf("exactly 1; warning beyond %g of it; absent in the warm-up", limitFirstRatio)},
		{LoggedRound, "policy_grad_norm", "mean over minibatches of the L2 norm of the policy's gradient before clipping", number, "of the order of clip_norm, steady"},
		{LoggedRound, "value_grad_norm", "mean over minibatches of the L2 norm of the critic's gradient before clipping", number, "large at first, then falling"},
		{LoggedRound, "explained_variance", "1 − Var(R − V)/Var(R); 0 where R does not vary", number, "rising from below 0 towards 1; below 0 after the warm-up the critic is worse than a constant"},
		{LoggedRound, "tokens", "response tokens sampled in the round", "tokens", "n · length"},

		{LoggedEvaluation, "iteration", "round after which it was made; 0 is the fine-tuned writer", number, "–"},
		{LoggedEvaluation, "score", "as for a round, over validation CVs with the same random numbers each time", scale, "rising; the objective, not the last round, chooses the weights that are kept"},
		{LoggedEvaluation, "kl", "as for a round", jd, "0 in round 0"},
		{LoggedEvaluation, "objective", "score on the training's own scale − β₀·kl, β₀ the configured kl_coefficient", scale, "its largest value chooses the weights that are kept"},
		{LoggedEvaluation, "gold", "mean true value, of the market's oracle: probability of acceptance", "probability", "rising with the score; absent where nobody knows the truth; chooses nothing"},
		{LoggedEvaluation, "eos_rate", "as for a round", share, "near 1"},
		{LoggedEvaluation, "length", "as for a round", "tokens", "as for a round"},
		{LoggedEvaluation, "entropy", "as for a round", token, "as for a round"},

		{LoggedSFT, "epoch", "number of the epoch, from 1", number, "–"},
		{LoggedSFT, "train_loss", "mean over the epoch's steps of −Σ w·log π / Σ w, w = 1 for JD tokens and prompt_loss for CV tokens", token, "falling from log(vocabulary)"},
		{LoggedSFT, "valid_loss", "−mean of log π over all JD tokens, EOS included, of validation pairs", token, "falling, then rising once the writer learns by heart: its lowest epoch is kept"},
		{LoggedSFT, "tokens", "tokens of prompts and responses trained on so far", "tokens", "–"},

		{LoggedReward, "epoch", "number of the epoch, from 1", number, "–"},
		{LoggedReward, "train_loss", "mean over the epoch's steps of −log σ(U⁺ − U⁻), each CV weighing the same", nats, "falling from log 2 ≈ 0.69"},
		{LoggedReward, "valid", "the metrics below on pairs of validation CVs", "–", "its lowest loss chooses the epoch that is kept"},

		{LoggedMetrics, "cvs", "CVs with a matched and a mismatched JD", number, "hundreds: an accuracy over 50 CVs is known to ±0.1 only"},
		{LoggedMetrics, "pairs", "pairs of a matched and a mismatched JD of one CV", number, "–"},
		{LoggedMetrics, "accuracy", "mean over CVs of the share of pairs with U⁺ > U⁻, ties half", share, "0.5 is chance; 0.6 to 0.8 is usual for human preferences; near 1 on real data suggests a leak"},
		{LoggedMetrics, "pair_accuracy", "the same over all pairs alike", share, "near accuracy; far from it, a few CVs with many JDs go their own way"},
		{LoggedMetrics, "loss", "mean over CVs of −log σ(U⁺ − U⁻)", nats, "below log 2 ≈ 0.69, which a constant U has"},
		{LoggedMetrics, "chosen_mean", "mean U of matched JDs", "raw score", "above rejected_mean; only the difference means anything"},
		{LoggedMetrics, "rejected_mean", "mean U of mismatched JDs", "raw score", "below chosen_mean"},
		{LoggedMetrics, "calibration", "mean of σ(|U⁺ − U⁻|) − accuracy", "probability", "within 0.05 of 0; above 0 is over-confident"},
		{LoggedMetrics, "padding_difference", "largest |U in a batch padded to the longest pair − U by itself| of the four shortest sequences", "raw score", "0 but for rounding, below 1e-4; above, padding is read"},
	}
}
