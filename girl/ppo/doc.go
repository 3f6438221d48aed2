// Package ppo aligns the writer with the reward model (stage 3 of GIRL) by proximal policy optimisation: an actor, a critic
// of its own, the frozen fine-tuned writer as reference, and the normalised reward model as the recruiters' voice.
//
// The implementation follows the details collected from public reproductions of RLHF with PPO; Config says which value
// comes from where ("TL;DR" is the summarize_from_feedback_details reproduction of Stiennon et al. 2020). Glossary explains every
// number that is logged, guards those that training warns of.
//
// What such an implementation must do, and the tests that show it (lm, sft, reward, recommend and tokenizer are the packages beside this one):
//
//   - 1 padding is told by position and weight, never by a token, so that it cannot be taken for EOS: lm.TestPackByHand, lm.TestPaddingIsNotRead
//   - 2 positions start at a row's first token, and padding changes no logits, values or scores; rows are padded on the right only, left padding cannot be
//     expressed: lm.TestPaddingChangesNothing, lm.TestPaddingIsNotRead, lm.TestForwardEqualsSlowReference
//   - 3 SFT learns EOS: sft.TestTemplateByHand, sft.TestWriterLearnsToEnd
//   - 4 rollouts sample the plain policy, and there is no setting for anything else: lm.TestFrequenciesMatchSoftmax, TestOneTemperatureEverywhere
//   - 5 one temperature in rollout, reference and update: TestOneTemperatureEverywhere, lm.TestSamplingLogProbsEqualTeacherForced
//   - 6 logits and values before a token are the token's: lm.TestForwardEqualsSlowReference, lm.TestSamplesEqualFullRecomputation (KV cache against full recomputation)
//   - 7 responses are cut at their first EOS, scores read at the last token: TestEpisodesByHand, lm.TestSamplingStopsWithTheLastResponse, lm.TestPackByHand
//   - 8 a response without EOS earns the penalty: TestEpisodesByHand
//   - 9 the score head starts at N(0, 1/√(d+1)), bias 0: lm.TestStartValues
//   - 10 scores are normalised to mean 0 and variance 1: reward.TestFitNormalizer
//   - 11 pair accuracy, means, calibration, padded against unpadded scores: reward.TestMeasureByHand, reward.TestEvaluateEqualsBruteForce,
//     reward.TestPaddedAndUnpaddedScoresAreEqual, reward.TestPaddingDifferenceIsFound
//   - 12 no model has dropout; reference and reward model keep every bit: TestRunImprovesAndLeavesFrozenModelsAlone, lm.TestForwardEqualsSlowReference
//   - 13 rewards are −β(log π − log π_ref) and the score once, at the last token: TestTokenRewards, TestEpisodesByHand
//   - 14 the critic starts as the normalised reward model: TestCriticStartsAsNormalisedReward
//   - 15 padding counts in no mean: TestMaskedTokensCountNowhere, TestEpisodesByHand
//   - 16 GAE with a terminal value of 0, loop against definition and graph; returns before whitening: TestGoldenGAE, TestGAEIsSumOfDiscountedErrors, TestGAEEqualsGraph, TestEpisodesByHand
//   - 17 whitening: TestGoldenWhiten, TestEpisodesByHand, TestWhitenedRewardsKeepTheirMean
//   - 18 a fresh shuffle each epoch; the first minibatch's ratio is exactly 1: TestEpochsAreShuffledAfresh, TestRunImprovesAndLeavesFrozenModelsAlone, TestFirstMinibatchHasRatioOne,
//     TestOneTemperatureEverywhere
//   - 19 clipped losses and their gradients: TestGoldenPolicyLossAndSlope, TestPolicySlopeAtRatioOne, TestGoldenValueLoss, TestLossGradientsAgainstFiniteDifferences,
//     TestLossGradientsThroughModels; of SFT, reward model and matchers: lm.TestGradientEqualsFiniteDifferences, sft.TestLossGradientEqualsFiniteDifferences,
//     reward.TestLossGradientEqualsFiniteDifferences, recommend.TestGradientAgainstFiniteDifferences
//   - 20 an update step is one batch, whose mean is over its tokens: TestMaskedTokensCountNowhere
//   - 21 the log-ratio is clamped before exp, the logged KL to the reference never, and of the approximate KL r alone, not −log r: TestLogRatioIsClampedAndKLIsNot
//   - 22 linear decay, clipping by the global norm: TestRatesDecayLinearly, TestStepsObeyTheirSettings, lm.TestLinearRateByHand, lm.TestClippingIsGlobal
//   - 23 adaptive β, after the step and across a resume: TestGoldenAdaptiveKL, TestBetaFollowsKL, TestResumeEndsWithTheSameBits, TestAdaptiveBetaStaysPositive
//   - 24 what is logged: TestGlossaryIsComplete, TestRoundIsLoggedByHand, TestEvaluationEqualsItsDefinitions, TestExplainedVariance, TestGoldenKLEstimators, TestEachGuardWarns
//
// And the whole: PPO reaches the known optimum π ∝ π_ref·exp(r/β) (TestBanditReachesKnownOptimum, TestPolicyReachesOptimumOverTexts), one training step is that of
// independent implementations (lm.TestTrainingStepEqualsSlowReference, lm.TestDecoderEqualsPyTorch), evaluation sees new weights (lm.TestEvaluationSeesNewWeights,
// recommend.TestStepAndFreshEvaluation), and a run is repeatable on one core and on several (TestRunDoesNotDependOnProcessors).
package ppo
