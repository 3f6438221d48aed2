package lm

// slotLayout is the shape of what a batch of prompts under way keeps: the keys and values of prompts, [S,B,nE,T] and [S,B,T,nE] for B bundles of
// n groups of heads of width E, and of their responses, [S,K,B,nE,R] and [S,K,B,R,nE], for each layer and in parts of S slots. The last
// part has what is left of P slots.
//
// The columns of the responses are a ring: every slot writes its step's key and value into the same one, whenever it began.
type slotLayout struct {
	slots, samples int // P and K
	parts, perPart int // and S
	t, r           int
}

// smallProduct is the number of multiplications below which GoMLX's pure-Go backend takes its kernel for small matrix products, which reads caches
// where they lie; the one for large products copies them first. Parts keep the products of a step below it.
const smallProduct = 4 << 20

// maxParts bounds the size of the graph.
const maxParts = 16

func newLayout(c Config, small, slots, samples, t, r int) slotLayout {
	bundles, _ := c.bundles()
	m, width := c.Heads/bundles, c.kvHeads()*c.headDim()
	one := width * max(samples*roundUp(m, rowTile)*r, roundUp(samples*m, rowTile)*t) // multiplications of a slot
	perPart := min(slots, max(1, (small-1)/one))
	perPart = divUp(slots, min(maxParts, divUp(slots, perPart)))
	return slotLayout{slots: slots, samples: samples, parts: divUp(slots, perPart), perPart: perPart, t: t, r: r}
}

// size counts the slots of a part.
func (l slotLayout) size(part int) int { return min(l.perPart, l.slots-part*l.perPart) }

// cacheKind tells keys from values, which lie in their caches in different ways.
type cacheKind int

const (
	keyCache cacheKind = iota
	valueCache
)

// at is the place, among the keys and values of all layers and parts, of those of a layer and of the part that holds a slot.
func (l slotLayout) at(layer, slot int, kind cacheKind) int {
	return 2*(layer*l.parts+slot/l.perPart) + int(kind)
}

func divUp(n, by int) int { return (n + by - 1) / by }

// halved gives the smallest of n, ⌈n/2⌉, ⌈n/4⌉, … that is at least as large as needed.
func halved(n, needed int) int {
	for half := divUp(n, 2); half < n && half >= needed; half = divUp(n, 2) {
		n = half
	}
	return n
}

// cacheStep is the smallest step of the sizes of caches.
const cacheStep = 32

// bucket rounds a length up to one of few: multiples of cacheStep up to 128, from there on two in each power of two.
func bucket(n int) int {
	step := cacheStep
	for 4*step < n {
		step *= 2
	}
	return roundUp(n, step)
}

// rowVector is how many numbers the kernels take at once: the longest ring is as long as the longest response, rounded up to whole ones.
const rowVector = 16

// fit tells which layout suits a number of slots in use, their longest prompt and the steps that the oldest of them will have behind it. Moving to another
// layout copies the caches, and each new one costs a graph, so they change only where much is won.
func (l slotLayout) fit(c Config, small int, sc SampleConfig, inUse, longest, oldest int) slotLayout {
	slots, t := halved(max(1, sc.BatchRows/sc.Samples), inUse), bucket(longest)
	r := min(bucket(oldest), roundUp(sc.MaxNew, rowVector))
	if slots == l.slots {
		if 2*t > l.t {
			t = max(t, l.t)
		}
		r = max(r, l.r)
	}
	return newLayout(c, small, slots, sc.Samples, t, r)
}
