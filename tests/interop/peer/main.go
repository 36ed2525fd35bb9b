// The Go peer of the interop tests: Go Asynq behind a small line protocol. tests/interop/cpp_peer.cpp speaks the same with
// Windlass, so that a test can put either at each place. docs: tests/interop/README.md.
//
//	go_peer enqueue ADDRESS           one JSON task a line on stdin, one JSON answer a line on stdout
//	go_peer inspect ADDRESS           one JSON request a line, one JSON answer a line
//	go_peer serve ADDRESS CONFIG      a server; JSON events on stdout, until SIGTERM
//	go_peer schedule ADDRESS CONFIG   a scheduler; JSON events on stdout, until SIGTERM
//
// Payloads and results are hex, lengths and times whole seconds.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
)

type object = map[string]any

func main() {
	if len(os.Args) < 3 {
		die(errors.New("usage: go_peer enqueue|inspect|serve|schedule ADDRESS [CONFIG]"))
	}
	redis := asynq.RedisClientOpt{Network: "unix", Addr: os.Args[2]}
	switch os.Args[1] {
	case "enqueue":
		enqueue(redis)
	case "inspect":
		inspect(redis)
	case "serve":
		serve(redis, os.Args[3])
	case "schedule":
		schedule(redis, os.Args[3])
	default:
		die(fmt.Errorf("no command %q", os.Args[1]))
	}
}

func die(err error) {
	fmt.Fprintln(os.Stderr, "go_peer:", err)
	os.Exit(1)
}

var printing sync.Mutex

func emit(value any) {
	text, err := json.Marshal(value)
	if err != nil {
		die(err)
	}
	printing.Lock()
	defer printing.Unlock()
	os.Stdout.Write(append(text, '\n'))
}

// Answers each line of stdin.
func answerLines(answer func(line []byte) any) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		emit(answer(lines.Bytes()))
	}
}

// From now on SIGTERM does not end the program, but the wait for what is returned.
func catchSignal() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	return signals
}

func parse(text []byte, into any) {
	if err := json.Unmarshal(text, into); err != nil {
		die(err)
	}
}

func unhex(text string) []byte {
	bytes, err := hex.DecodeString(text)
	if err != nil {
		die(err)
	}
	return bytes
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// 0 for Go's zero time and for 1970.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func errorObject(err error) object {
	code := "other"
	for name, known := range map[string]error{"duplicate_task": asynq.ErrDuplicateTask, "task_id_conflict": asynq.ErrTaskIDConflict,
		"queue_not_found": asynq.ErrQueueNotFound, "queue_not_empty": asynq.ErrQueueNotEmpty, "task_not_found": asynq.ErrTaskNotFound} {
		if errors.Is(err, known) {
			code = name
		}
	}
	return object{"error": code, "message": err.Error()}
}
