package girl

import (
	"testing"

	"genjobrec/girl/lm"
	"genjobrec/girl/reward"
)

// TestGradientCheckpointingReachesEveryTraining: model.gradient_checkpointing changes no bit, so no result tells whether it reached a model that is trained.
func TestGradientCheckpointingReachesEveryTraining(t *testing.T) {
	for _, on := range []bool{false, true} {
		cfg, err := NewConfig("smoke", nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Model.GradientCheckpointing = on
		s := &seedRun{run: &run{cfg: cfg}, seed: 1, vocab: 300}
		trained := map[string]*lm.Weights{}
		if trained["writer"], err = s.newWriter(); err != nil {
			t.Fatal(err)
		}
		s.writer = trained["writer"]
		if trained["reward model"], err = s.newRewardModel(); err != nil {
			t.Fatal(err)
		}
		if trained["policy"], trained["critic"], err = cfg.Model.actorCritic(s.writer, trained["reward model"], reward.Normalizer{Gain: 1}); err != nil {
			t.Fatal(err)
		}
		for name, w := range trained {
			if w.GradientCheckpointing != on {
				t.Errorf("%s: checkpointing is %t, want %t", name, w.GradientCheckpointing, on)
			}
		}
	}
}
