package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
)

type serverSpec struct {
	Queues       map[string]int `json:"queues"`
	Concurrency  int            `json:"concurrency"`
	RetryDelay   int64          `json:"retry_delay"`
	Shutdown     int64          `json:"shutdown"`
	GroupMaxSize int            `json:"group_max_size"`
	Runs         string         `json:"runs"` // file for the handler of "tally"
	Pace         int64          `json:"pace"` // how long it takes, ms
}

// What the tasks of the tests do, by their type. tests/interop/cpp_peer.cpp has the same.
type handler struct {
	runs *os.File
	pace time.Duration
}

func (h handler) ProcessTask(ctx context.Context, task *asynq.Task) error {
	id, _ := asynq.GetTaskID(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	payload := string(task.Payload())
	if task.Type() == "tally" {
		return h.tally(id, retried, payload)
	}
	emit(describeRun(ctx, task))
	switch task.Type() {
	case "fail":
		return errors.New(payload)
	case "soft": // see isFailure
		return errors.New("soft: " + payload)
	case "flaky":
		if retried == 0 {
			return errors.New(payload)
		}
	case "skip":
		return fmt.Errorf("%s: %w", payload, asynq.SkipRetry)
	case "revoke":
		return fmt.Errorf("%s: %w", payload, asynq.RevokeTask)
	case "throw":
		panic(payload)
	case "wait":
		<-ctx.Done()
		emit(object{"event": "stopped", "id": id})
		return ctx.Err()
	}
	_, err := task.ResultWriter().Write(task.Payload())
	return err
}

// Fails as often as the payload says, and writes down each run: its file tells of all runs, also those of a server that was
// killed.
func (h handler) tally(id string, retried int, payload string) error {
	time.Sleep(h.pace)
	failures, err := strconv.Atoi(payload)
	if err != nil {
		return err
	}
	verdict := "ok"
	if retried < failures {
		verdict = "failed"
	}
	if _, err := fmt.Fprintf(h.runs, "%s %s\n", id, verdict); err != nil {
		return err
	}
	if verdict == "failed" {
		return errors.New("failed as told")
	}
	return nil
}

func describeRun(ctx context.Context, task *asynq.Task) object {
	id, _ := asynq.GetTaskID(ctx)
	queue, _ := asynq.GetQueueName(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	maxRetry, _ := asynq.GetMaxRetry(ctx)
	deadline, _ := ctx.Deadline()
	headers := task.Headers()
	if headers == nil {
		headers = map[string]string{}
	}
	return object{"event": "run", "id": id, "queue": queue, "type": task.Type(), "payload": hex.EncodeToString(task.Payload()),
		"headers": headers, "retried": retried, "max_retry": maxRetry, "deadline": unix(deadline)}
}

func aggregate(group string, tasks []*asynq.Task) *asynq.Task {
	var payloads []string
	for _, task := range tasks {
		payloads = append(payloads, string(task.Payload()))
	}
	return asynq.NewTask("echo", []byte(group+":"+strings.Join(payloads, ",")), asynq.TaskID("sum-of-"+group),
		asynq.Retention(time.Hour))
}

func serve(redis asynq.RedisConnOpt, config string) {
	spec := serverSpec{Concurrency: 4, RetryDelay: 100, Shutdown: 1}
	parse([]byte(config), &spec)
	if spec.Queues == nil {
		spec.Queues = map[string]int{"default": 1}
	}
	h := handler{pace: time.Duration(spec.Pace) * time.Millisecond}
	if spec.Runs != "" {
		file, err := os.OpenFile(spec.Runs, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			die(err)
		}
		h.runs = file
	}
	settings := asynq.Config{
		Concurrency: spec.Concurrency, Queues: spec.Queues, LogLevel: asynq.FatalLevel, ShutdownTimeout: seconds(spec.Shutdown),
		TaskCheckInterval: 200 * time.Millisecond, DelayedTaskCheckInterval: 200 * time.Millisecond,
		JanitorInterval: time.Second,
		RetryDelayFunc:  func(int, error, *asynq.Task) time.Duration { return seconds(spec.RetryDelay) },
		IsFailure:       func(err error) bool { return !strings.HasPrefix(err.Error(), "soft: ") },
	}
	if spec.GroupMaxSize > 0 {
		settings.GroupMaxSize = spec.GroupMaxSize
		settings.GroupGracePeriod = time.Second // how often it looks, too
		settings.GroupAggregator = asynq.GroupAggregatorFunc(aggregate)
	}
	server := asynq.NewServer(redis, settings)
	if err := server.Start(h); err != nil {
		die(err)
	}
	signals := catchSignal()
	emit(object{"event": "ready"})
	<-signals
	server.Shutdown()
}
