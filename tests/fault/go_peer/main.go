// The load of a fault run with Go Asynq: what ../peer.cpp does, with the same history (../history.hpp), but for what Asynq does not
// have: expiry, and a scheduler that several processes can run. Its server is part of mixed fleets, too: then it runs ticks and all else that
// C++ clients and schedulers enqueue.
//
//	fault_go_peer client|server URL HISTORY NAME RATE
//
// URL is one of Windlass: redis, redis-sentinel or redis-cluster.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sys/unix"
)

type history struct{ file *os.File }

func (h history) write(kind, id, detail string) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		log.Fatal(err)
	}
	line := kind + " " + strconv.FormatInt(now.Nano(), 10) + " " + id
	if detail != "" {
		line += " " + detail
	}
	if _, err := h.file.WriteString(line + "\n"); err != nil {
		log.Fatal(err)
	}
}

func monotonic() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano()
}

func enqueue(redis asynq.RedisConnOpt, h history, name string, rate int, stop <-chan os.Signal) {
	client := asynq.NewClient(redis)
	defer client.Close()
	queues := []string{"default", "critical", "low"}
	pace := time.NewTicker(time.Second / time.Duration(rate))
	for count := 1; ; count++ {
		select {
		case <-stop:
			return
		case <-pace.C:
		}
		id := name + "-" + strconv.Itoa(count)
		options := []asynq.Option{asynq.TaskID(id), asynq.Queue(queues[rand.Intn(3)]), asynq.MaxRetry(50)}
		kind, due, key := "plain", int64(0), "-"
		payload := id
		switch rand.Intn(10) {
		case 0, 1:
			delay := time.Duration(100+rand.Intn(3000)) * time.Millisecond
			options = append(options, asynq.ProcessIn(delay))
			due = monotonic() + delay.Nanoseconds()
			kind = "delayed"
		case 3:
			kind = "failing"
		case 4:
			kind = "long"
		case 6:
			options = append(options, asynq.Group("group-"+strconv.Itoa(rand.Intn(3))))
			kind = "grouped"
		case 7:
			options = append(options, asynq.Retention(time.Hour))
		}
		h.write("i", id, fmt.Sprintf("%s %d 0 %s", kind, due, key))
		_, err := client.Enqueue(asynq.NewTask(kind, []byte(payload)), options...)
		switch {
		case err == nil:
			h.write("a", id, "")
		case errors.Is(err, asynq.ErrTaskIDConflict):
			// The client of Redis below repeats calls by itself: the first one had stored it.
			h.write("a", id, "")
		default:
			h.write("u", id, "")
		}
	}
}

func serve(redis asynq.RedisConnOpt, h history, name string, stop <-chan os.Signal) {
	server := asynq.NewServer(redis, asynq.Config{
		Concurrency:      8,
		Queues:           map[string]int{"default": 3, "critical": 6, "low": 1},
		RetryDelayFunc:   func(int, error, *asynq.Task) time.Duration { return 200 * time.Millisecond },
		GroupGracePeriod: time.Second,
		GroupMaxSize:     20,
		GroupAggregator: asynq.GroupAggregatorFunc(func(group string, tasks []*asynq.Task) *asynq.Task {
			var ids strings.Builder
			for _, task := range tasks {
				ids.Write(task.Payload())
				ids.WriteString("\n")
			}
			return asynq.NewTask("all", []byte(ids.String()))
		}),
		LogLevel: asynq.ErrorLevel,
	})
	handle := func(ctx context.Context, task *asynq.Task) error {
		id := string(task.Payload())
		if task.Type() == "all" {
			ids := strings.Fields(id)
			for _, id := range ids {
				h.write("s", id, name)
			}
			for _, id := range ids {
				h.write("d", id, name)
			}
			return nil
		}
		if task.Type() == "tick" {
			nominal, err := time.Parse(time.RFC3339Nano, task.Headers()["windlass-scheduled-at"])
			if err != nil {
				return err
			}
			id, _ := asynq.GetTaskID(ctx)
			h.write("s", id, name+" "+strconv.FormatInt(nominal.Unix(), 10))
			h.write("d", id, name)
			return nil
		}
		h.write("s", id, name)
		retried, _ := asynq.GetRetryCount(ctx)
		if task.Type() == "failing" && retried == 0 {
			h.write("f", id, name)
			return errors.New("as the task wants")
		}
		if task.Type() == "long" {
			select {
			case <-ctx.Done():
				h.write("f", id, name)
				return ctx.Err()
			case <-time.After(300 * time.Millisecond):
			}
		}
		h.write("d", id, name)
		return nil
	}
	if err := server.Start(asynq.HandlerFunc(handle)); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stderr, "ready")
	<-stop
	server.Shutdown()
}

// Asynq's own parser knows no clusters.
func parse(url string) (asynq.RedisConnOpt, error) {
	if hosts, ok := strings.CutPrefix(url, "redis-cluster://"); ok {
		return asynq.RedisClusterClientOpt{Addrs: strings.Split(hosts, ",")}, nil
	}
	return asynq.ParseRedisURI(url)
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	redis, err := parse(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.OpenFile(os.Args[3], os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	h := history{file}
	if os.Args[1] == "server" {
		serve(redis, h, os.Args[4], stop)
		return
	}
	rate, err := strconv.Atoi(os.Args[5])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stderr, "ready")
	enqueue(redis, h, os.Args[4], rate, stop)
}
