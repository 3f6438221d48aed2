package ppo

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// maxLogRatio bounds log π − log π_old before exp, so that one absurd token cannot overflow a batch. No KL that is logged is
// made of bounded log-ratios: such a token must show.
const maxLogRatio = 20

// maskedMean is Σ x·mask / Σ mask: [N], [N] → [].
func maskedMean(x, mask *Node) *Node {
	return Div(ReduceAllSum(Mul(x, mask)), ReduceAllSum(mask))
}

// PolicyLoss is the clipped surrogate of Schulman et al. 2017 as a loss,
//
//	mean of max(−A·ratio, −A·clip(ratio, 1−ε, 1+ε)), ratio = exp(log π − log π_old),
//
// over N tokens of weight mask, with the share of tokens whose clipped branch won (clipFraction), Schulman's k3 estimate of
// KL(π_old‖π), whose −log ratio is that before the bound, and the ratio's mean and variance. All inputs [N], all outputs [].
func PolicyLoss(logProbs, old, advantages, mask *Node, clip float64) (loss, clipFraction, approxKL, ratioMean, ratioVar *Node) {
	logRatio := Sub(logProbs, old)
	ratio := Exp(ClipScalar(logRatio, -maxLogRatio, maxLogRatio))
	plain := Neg(Mul(advantages, ratio))
	clipped := Neg(Mul(advantages, ClipScalar(ratio, 1-clip, 1+clip)))
	loss = maskedMean(Max(plain, clipped), mask)
	clipFraction = maskedMean(PositiveIndicator(Sub(clipped, plain)), mask)
	approxKL = maskedMean(Sub(MinusOne(ratio), logRatio), mask)
	ratioMean = maskedMean(ratio, mask)
	ratioVar = maskedMean(Square(Sub(ratio, ratioMean)), mask)
	return loss, clipFraction, approxKL, ratioMean, ratioVar
}

// ValueLoss is ½·mean of max((V−R)², (V_clip−R)²) with V_clip = V_old + clip(V − V_old, ±ε), over N tokens of weight mask,
// and the share of tokens whose clipped branch won. All inputs [N], outputs [].
func ValueLoss(values, old, returns, mask *Node, clip float64) (loss, clipFraction *Node) {
	moved := Add(old, ClipScalar(Sub(values, old), -clip, clip))
	plain, clipped := Square(Sub(values, returns)), Square(Sub(moved, returns))
	loss = MulScalar(maskedMean(Max(plain, clipped), mask), 0.5)
	return loss, maskedMean(PositiveIndicator(Sub(clipped, plain)), mask)
}
