package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

const (
	startTimeout = 30 * time.Second       // for the kernel's first answer
	infoRetry    = 300 * time.Millisecond // between kernel_info_requests, until both channels answer
	stopTimeout  = 2 * time.Second        // for the kernel to leave by itself
	abortTimeout = 400 * time.Millisecond // the same after Ctrl-C or a cell that cannot be interrupted
)

// kernel is a running kernel process and the three channels to it that a notebook needs.
type kernel struct {
	key     []byte
	session string
	cmd     *exec.Cmd
	dir     string // its connection file and temporary files, removed at the end
	log     *tail
	exited  chan struct{}

	cancel               context.CancelFunc
	shell, control, news zmq4.Socket
	events               chan event
}

// event is a message from the kernel, or the failure to read one.
type event struct {
	message
	published bool // it came on the channel that tells all front-ends what happens
	err       error
}

// connection is the file that tells a kernel where to listen.
type connection struct {
	Transport string `json:"transport"`
	IP        string `json:"ip"`
	Scheme    string `json:"signature_scheme"`
	Key       string `json:"key"`
	Shell     int    `json:"shell_port"`
	Control   int    `json:"control_port"`
	Stdin     int    `json:"stdin_port"`
	IOPub     int    `json:"iopub_port"`
	Heartbeat int    `json:"hb_port"`
}

// startKernel starts the kernel of a kernel.json in dir and waits until it answers. set are further environment variables,
// KEY=VALUE. tmp is where its temporary folder is made.
func startKernel(ctx context.Context, specFile, dir, tmp string, set []string) (_ *kernel, err error) {
	var spec kernelSpec
	data, err := os.ReadFile(specFile)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", specFile, err)
	}
	if len(spec.Argv) == 0 {
		return nil, fmt.Errorf("%s names no program in argv", specFile)
	}
	k := &kernel{key: []byte(newID()), session: newID(), log: &tail{}, exited: make(chan struct{}), events: make(chan event, 64)}
	if k.dir, err = os.MkdirTemp(tmp, "nbrun-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			k.stop(abortTimeout)
		}
	}()
	ports, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	c := connection{Transport: "tcp", IP: "127.0.0.1", Scheme: "hmac-sha256", Key: string(k.key),
		Shell: ports[0], Control: ports[1], Stdin: ports[2], IOPub: ports[3], Heartbeat: ports[4]}
	blob, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(k.dir, "kernel-"+k.session+".json")
	if err := os.WriteFile(file, blob, 0o600); err != nil {
		return nil, err
	}
	var args []string
	for _, a := range spec.Argv {
		a = strings.ReplaceAll(a, "{connection_file}", file)
		args = append(args, strings.ReplaceAll(a, "{resource_dir}", filepath.Dir(specFile)))
	}
	k.cmd = exec.Command(args[0], args[1:]...)
	k.cmd.Dir = dir
	k.cmd.Env = os.Environ()
	for name, value := range spec.Env {
		k.cmd.Env = append(k.cmd.Env, name+"="+value)
	}
	k.cmd.Env = append(append(k.cmd.Env, "TMPDIR="+k.dir), set...)
	k.cmd.Stdout, k.cmd.Stderr = k.log, k.log
	// A program that the kernel started may hold its output open: the kernel's own end is what counts.
	k.cmd.WaitDelay = abortTimeout
	ownGroup(k.cmd)
	if err := k.cmd.Start(); err != nil {
		k.cmd = nil
		return nil, fmt.Errorf("starting the kernel: %w", err)
	}
	go func() {
		_ = k.cmd.Wait() // how it ended does not matter, only that it did
		close(k.exited)
	}()
	return k, k.connect(ctx, c)
}

// connect dials the channels and asks kernel_info until an answer came on the shell channel and on the published one: what
// is published before a subscription has arrived is lost.
func (k *kernel) connect(ctx context.Context, c connection) error {
	life, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	options := []zmq4.Option{zmq4.WithID(zmq4.SocketIdentity(k.session)), zmq4.WithLogger(log.New(io.Discard, "", 0)),
		zmq4.WithDialerRetry(20 * time.Millisecond), zmq4.WithDialerMaxRetries(-1)}
	k.shell, k.control, k.news = zmq4.NewDealer(life, options...), zmq4.NewDealer(life, options...), zmq4.NewSub(life, options...)
	if err := k.news.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		return err
	}
	dialled := make(chan error, 1)
	go func() {
		var err error
		for _, d := range []struct {
			socket zmq4.Socket
			port   int
		}{{k.shell, c.Shell}, {k.control, c.Control}, {k.news, c.IOPub}} {
			err = errors.Join(err, d.socket.Dial(fmt.Sprintf("tcp://%s:%d", c.IP, d.port)))
		}
		dialled <- err
	}()
	deadline := time.After(startTimeout)
	select {
	case err := <-dialled:
		if err != nil {
			return err
		}
	case <-k.exited:
		return k.ended()
	case <-ctx.Done():
		return ctx.Err()
	case <-deadline:
		return fmt.Errorf("the kernel does not listen after %s\n%s", startTimeout, k.log)
	}
	go k.receive(life, k.shell, false)
	go k.receive(life, k.news, true)
	retry := time.NewTicker(infoRetry)
	defer retry.Stop()
	replied, heard := false, false
	ready := func() bool { return replied && heard }
	for !ready() {
		if _, err := k.send(k.shell, "kernel_info_request", struct{}{}); err != nil {
			return err
		}
		for waiting := true; waiting && !ready(); {
			select {
			case e := <-k.events:
				if e.err != nil {
					return e.err
				}
				replied = replied || !e.published
				heard = heard || e.published
			case <-retry.C:
				waiting = false
			case <-k.exited:
				return k.ended()
			case <-ctx.Done():
				return ctx.Err()
			case <-deadline:
				return fmt.Errorf("the kernel does not answer after %s\n%s", startTimeout, k.log)
			}
		}
	}
	return nil
}

// receive passes a channel's messages on until the kernel is let go.
func (k *kernel) receive(life context.Context, socket zmq4.Socket, published bool) {
	for {
		e := event{published: published}
		msg, err := socket.Recv()
		if err != nil {
			e.err = fmt.Errorf("reading from the kernel: %w", err)
		} else {
			e.message, e.err = decode(k.key, msg.Frames)
		}
		select {
		case k.events <- e:
		case <-life.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// send gives the id of the message sent.
func (k *kernel) send(socket zmq4.Socket, msgType string, content any) (string, error) {
	m, err := newRequest(k.session, msgType, content)
	if err != nil {
		return "", err
	}
	frames, err := m.encode(k.key)
	if err != nil {
		return "", err
	}
	if err := socket.SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
		return "", fmt.Errorf("sending %s to the kernel: %w", msgType, err)
	}
	return m.Header.ID, nil
}

// interrupt asks the kernel to stop the running cell.
func (k *kernel) interrupt() error {
	_, err := k.send(k.control, "interrupt_request", struct{}{})
	return err
}

// ended is the error of a kernel that is gone.
func (k *kernel) ended() error { return fmt.Errorf("the kernel ended\n%s", k.log) }

// stop ends the kernel and everything it started: by request, after grace by force. Its temporary folder goes, too.
func (k *kernel) stop(grace time.Duration) {
	if k.cmd != nil {
		asked := false
		if grace >= stopTimeout {
			_, err := k.send(k.control, "shutdown_request", map[string]bool{"restart": false})
			asked = err == nil
		}
		if !asked {
			signalGroup(k.cmd, false)
		}
		select {
		case <-k.exited:
		case <-time.After(grace):
		}
		signalGroup(k.cmd, true)
		<-k.exited
	}
	if k.cancel != nil {
		k.cancel()
		for _, s := range []zmq4.Socket{k.shell, k.control, k.news} {
			_ = s.Close() // the other end is gone
		}
	}
	_ = os.RemoveAll(k.dir) // at worst a temporary folder stays
}

func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer func() { _ = l.Close() }() // all at the end, so that no port is given twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// tail keeps the last lines of the kernel's log for error messages.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailBytes = 4000

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - tailBytes; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
