// The measurements of bench/micro/scheduler.cpp, made with Go Asynq's scheduler: the same work, the same figures.
//
//	scheduler -redis HOST:PORT -db N -seconds N
//
// Works in an empty database, and flushes it before and after. Lateness: from the second that an entry is due to its post-enqueue
// function. (An @every entry of robfig/cron is due on whole seconds.)
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

var (
	addr    = flag.String("redis", "127.0.0.1:6379", "host:port")
	db      = flag.Int("db", 0, "database")
	seconds = flag.Int("seconds", 30, "of each figure")
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "scheduler:", err)
		os.Exit(1)
	}
}

func cpu() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Starts a scheduler with n entries.
func start(n int, spec string, options *asynq.SchedulerOpts) *asynq.Scheduler {
	options.LogLevel = asynq.ErrorLevel
	scheduler := asynq.NewScheduler(asynq.RedisClientOpt{Addr: *addr, DB: *db}, options)
	for i := 0; i < n; i++ {
		_, err := scheduler.Register(spec, asynq.NewTask("t", []byte(strings.Repeat("x", 100))))
		check(err)
	}
	check(scheduler.Start())
	return scheduler
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

func lateness(entries int) {
	var mu sync.Mutex
	var late []time.Duration
	scheduler := start(entries, "@every 1s", &asynq.SchedulerOpts{PostEnqueueFunc: func(_ *asynq.TaskInfo, err error) {
		now := time.Now()
		check(err)
		mu.Lock()
		defer mu.Unlock()
		late = append(late, now.Sub(now.Truncate(time.Second)))
	}})
	before := cpu()
	time.Sleep(time.Duration(*seconds) * time.Second)
	scheduler.Shutdown()
	used := cpu() - before
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	at := func(q float64) float64 { return milliseconds(late[int(q*float64(len(late)-1))]) }
	fmt.Printf("  %d entries a second: %d ticks, late by p50 %.2f ms, p99 %.2f ms, max %.2f ms; CPU a tick %.1f us\n",
		entries, len(late), at(0.5), at(0.99), at(1), used.Seconds()*1e6/float64(len(late)))
}

func idle(entries int) {
	scheduler := start(entries, "0 0 1 1 *", &asynq.SchedulerOpts{})
	time.Sleep(5 * time.Second)
	before := cpu()
	time.Sleep(time.Duration(*seconds) * time.Second)
	fmt.Printf("  %d entries, idle: %.2f %% of one core\n", entries, (cpu()-before).Seconds()*100/float64(*seconds))
	scheduler.Shutdown()
}

func main() {
	flag.Parse()
	log.SetOutput(io.Discard)
	admin := redis.NewClient(&redis.Options{Addr: *addr, DB: *db})
	defer admin.Close()
	check(admin.FlushDB(context.Background()).Err())
	fmt.Printf("Go Asynq, redis://%s/%d\n", *addr, *db)
	lateness(1000)
	idle(10000)
	check(admin.FlushDB(context.Background()).Err())
}
