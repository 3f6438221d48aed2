package recommend

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Adam's constants (Kingma and Ba 2015).
const (
	beta1, beta2 = 0.9, 0.999
	adamEps      = 1e-8
)

// network holds the members' weights and the two graphs over them.
type network struct {
	arch
	store *model.Store
	train *model.Exec
	eval  *model.Exec

	filling *batch // of prepare, used again and again
}

// newNetwork puts the members' weights into a store; without tasks it is for scoring alone. Errors: a weight of another size than the
// architecture's. A graph is compiled when it is first called, for a batch's shape, and that is where its errors come from.
func newNetwork(backend compute.Backend, a arch, weights []map[string][]float32, tasks []task) (*network, error) {
	n := &network{arch: a, store: model.NewStore()}
	create := func(name string, t *tensors.Tensor, trainable bool) error {
		v, err := n.store.CreateVariable(name, t)
		if err != nil {
			return fmt.Errorf("recommend: weight %s: %w", name, err)
		}
		v.SetTrainable(trainable)
		return nil
	}
	for _, w := range a.weights() {
		size := 1
		for _, d := range w.shape {
			size *= d
		}
		flat := make([]float32, 0, len(weights)*size)
		for m := range weights {
			if len(weights[m][w.name]) != size {
				return nil, fmt.Errorf("recommend: weight %s has %d values in place of %d", w.name, len(weights[m][w.name]), size)
			}
			flat = append(flat, weights[m][w.name]...)
		}
		dims := append([]int{a.members}, w.shape...)
		if err := create(w.name, tensors.FromFlatDataAndDimensions(flat, dims...), true); err != nil {
			return nil, err
		}
		if tasks == nil {
			continue
		}
		for _, moment := range []string{"m1", "m2"} {
			if err := create(moment+"/"+w.name, tensors.FromFlatDataAndDimensions(make([]float32, len(flat)), dims...), false); err != nil {
				return nil, err
			}
		}
		// Rates at the size of the weights: products of equal shapes are far faster than broadcasts.
		rates, decays := make([]float32, len(flat)), make([]float32, len(flat))
		for i := range flat {
			t := tasks[i/size].trial
			rates[i], decays[i] = float32(t.LearningRate), float32(t.LearningRate*t.WeightDecay)
		}
		if err := create("rate/"+w.name, tensors.FromFlatDataAndDimensions(rates, dims...), false); err != nil {
			return nil, err
		}
		if err := create("decay/"+w.name, tensors.FromFlatDataAndDimensions(decays, dims...), false); err != nil {
			return nil, err
		}
	}
	if err := create("step", tensors.FromScalar(float32(0)), false); err != nil {
		return nil, err
	}
	var err error
	if n.train, err = model.NewExec(backend, n.store, func(scope *model.Scope, args []*Node) []*Node { return n.step(args) }); err != nil {
		return nil, fmt.Errorf("recommend: training graph: %w", err)
	}
	if n.eval, err = model.NewExec(backend, n.store, func(scope *model.Scope, args []*Node) []*Node {
		return []*Node{a.logits(n.node(args[0].Graph()), a.take(args))}
	}); err != nil {
		return nil, fmt.Errorf("recommend: scoring graph: %w", err)
	}
	return n, nil
}

// node gives a variable's value in a graph, by name.
func (n *network) node(g *Graph) func(name string) *Node {
	return func(name string) *Node { return n.store.GetVariable(name).NodeValue(g) }
}

// close frees the compiled graphs and the weights.
func (n *network) close() {
	n.train.Finalize()
	n.eval.Finalize()
	n.store.Finalize()
}

// take gives names to the arguments that batch.tensors makes.
func (a arch) take(args []*Node) inputs {
	in := inputs{x: args[0], z: args[1], s: args[2]}
	args = args[3:]
	if a.generated() {
		in.g, args = args[0], args[1:]
	}
	if len(args) > 0 {
		in.keep = args
	}
	return in
}

// step is the training graph: labels [M, B], then a batch as in take. It updates the weights by AdamW (Loshchilov and Hutter
// 2019) and returns each member's loss, [M]. The members' losses are summed, so that the gradient of each is its own.
func (n *network) step(args []*Node) []*Node {
	g := args[0].Graph()
	value := n.node(g)
	loss := bce(n.logits(value, n.take(args[1:])), args[0])
	loss.AssertDims(n.members)

	counter := n.store.GetVariable("step")
	t := AddScalar(counter.NodeValue(g), 1)
	counter.SetNodeValue(t)
	unbias := func(beta float64) *Node { return Reciprocal(OneMinus(Pow(Scalar(g, dtypes.Float32, beta), t))) }
	unbias1, unbias2 := unbias(beta1), unbias(beta2)
	all := n.weights()
	nodes := make([]*Node, len(all))
	for i, w := range all {
		nodes[i] = value(w.name)
	}
	for i, gradient := range Gradient(ReduceAllSum(loss), nodes...) {
		name := all[i].name
		m1, m2 := n.store.GetVariable("m1/"+name), n.store.GetVariable("m2/"+name)
		first := Add(MulScalar(m1.NodeValue(g), beta1), MulScalar(gradient, 1-beta1))
		second := Add(MulScalar(m2.NodeValue(g), beta2), MulScalar(Square(gradient), 1-beta2))
		m1.SetNodeValue(first)
		m2.SetNodeValue(second)
		update := Mul(value("rate/"+name), Div(Mul(first, unbias1), AddScalar(Sqrt(Mul(second, unbias2)), adamEps)))
		if all[i].decay {
			update = Add(update, Mul(nodes[i], value("decay/"+name)))
		}
		n.store.GetVariable(name).SetNodeValue(Sub(nodes[i], update))
	}
	return []*Node{loss}
}

// member copies out the weights of member m.
func (n *network) member(m int) (map[string][]float32, error) {
	out := make(map[string][]float32)
	for _, w := range n.weights() {
		t, err := n.store.GetVariable(w.name).Value()
		if err != nil {
			return nil, fmt.Errorf("recommend: weight %s: %w", w.name, err)
		}
		if err := tensors.ConstFlatData(t, func(flat []float32) {
			size := len(flat) / n.members
			out[w.name] = slices.Clone(flat[m*size : (m+1)*size])
		}); err != nil {
			return nil, fmt.Errorf("recommend: weight %s: %w", w.name, err)
		}
	}
	return out, nil
}

// evalPairs is the batch of the scoring graph: one shape, so that it compiles once.
const evalPairs = 512

// lists are queries to score, one list a member, as arguments of the scoring graph. They are made once and scored as often
// as the weights change.
type lists struct {
	queries [][]int
	args    [][]any // by batch
}

// prepare fills the batches of lists.
func (n *network) prepare(ctx context.Context, tasks []task, queries [][]int) (*lists, error) {
	if n.filling == nil {
		n.filling = newBatch(n.arch, evalPairs, false)
	}
	b := n.filling
	out := &lists{queries: queries}
	longest := 0
	for _, l := range queries {
		longest = max(longest, len(l))
	}
	for start := 0; start < longest; start += evalPairs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n.each(func(m int) { // pairs beyond a list's end keep what they hold; they are not read
			if l := queries[m]; start < len(l) {
				b.fill(m, &tasks[m], l[start:min(len(l), start+evalPairs)], nil, nil)
			}
		})
		out.args = append(out.args, b.tensors())
	}
	return out, nil
}

// close frees the arguments now: they are large, and the garbage collector frees what has a finalizer late.
func (l *lists) close() {
	for _, args := range l.args {
		finalize(args)
	}
}

// finalize frees arguments.
func finalize(args []any) {
	for _, a := range args {
		a.(*tensors.Tensor).MustFinalizeAll()
	}
}

// score gives the logits of lists.
func (n *network) score(ctx context.Context, l *lists) ([][]float64, error) {
	out := make([][]float64, n.members)
	for m := range out {
		out[m] = make([]float64, len(l.queries[m]))
	}
	for k, args := range l.args {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		outs, err := n.eval.Call(args...)
		if err != nil {
			return nil, fmt.Errorf("recommend: scoring: %w", err)
		}
		logits, err := tensors.CopyFlatData[float32](outs[0])
		if err != nil {
			return nil, fmt.Errorf("recommend: scoring: %w", err)
		}
		outs[0].MustFinalizeAll()
		start := k * evalPairs
		for m := range out {
			for i := start; i < min(len(out[m]), start+evalPairs); i++ {
				out[m][i] = float64(logits[m*evalPairs+i-start])
			}
		}
	}
	return out, nil
}

// each calls f for every member, on all processors. Members share nothing that f writes.
func (n *network) each(f func(m int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n.members) {
		wait.Go(func() {
			for m := int(next.Add(1)) - 1; m < n.members; m = int(next.Add(1)) - 1 {
				f(m)
			}
		})
	}
	wait.Wait()
}
