// The measurements of `windlass bench`, made with Go Asynq: the same work, the same names of figures, on the same Redis.
// (A batch call is in no release of Asynq up to v0.26.0, so that figure is missing.)
//
//	peer -redis HOST:PORT -db N -tasks N -payload BYTES -concurrency N [-only enqueue,process,both,pickup,delayed]
//	peer -redis HOST:PORT -db N -scripts FOLDER      the CPU time that Asynq's scripts take of Redis (scripts.go)
//	peer -redis HOST:PORT -db N trickle QUEUE COUNT  enqueues for `windlass bench --producer` (trickle.go)
//
// Prints one JSON object. Works in the queue "default" of an empty database, and flushes it before and after each figure
// (trickle does neither).
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

var (
	addr        = flag.String("redis", "127.0.0.1:6379", "host:port, or the path of a unix socket")
	db          = flag.Int("db", 0, "database")
	tasks       = flag.Int("tasks", 20000, "tasks for each figure")
	payload     = flag.Int("payload", 100, "bytes")
	concurrency = flag.Int("concurrency", 10, "of the server")
	scripts     = flag.String("scripts", "", "folder of the Asynq module, whose scripts are measured by themselves")
	only        = flag.String("only", "enqueue,process,both,pickup,delayed", "what to measure")
)

type percentiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Min float64 `json:"min"`
}

func options() asynq.RedisClientOpt {
	opt := asynq.RedisClientOpt{Addr: *addr, DB: *db, Network: "tcp"}
	if strings.HasPrefix(*addr, "/") {
		opt.Network = "unix"
	}
	return opt
}

var admin redis.UniversalClient

func flush() { check(admin.FlushDB(context.Background()).Err()) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func body() []byte { return []byte(strings.Repeat("x", *payload)) }

func enqueue(client *asynq.Client, n, goroutines int) float64 {
	var wg sync.WaitGroup
	begin := time.Now()
	for g := 0; g < goroutines; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < n/goroutines; i++ {
				_, err := client.Enqueue(asynq.NewTask("bench:noop", body()))
				check(err)
			}
		}()
	}
	wg.Wait()
	return float64(n/goroutines*goroutines) / time.Since(begin).Seconds()
}

func server() *asynq.Server {
	return asynq.NewServer(options(), asynq.Config{Concurrency: *concurrency, LogLevel: asynq.FatalLevel})
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func redisCPU() float64 {
	info, err := admin.Info(context.Background(), "cpu").Result()
	check(err)
	sum := 0.0
	for _, line := range strings.Split(info, "\r\n") {
		for _, name := range []string{"used_cpu_sys:", "used_cpu_user:"} {
			if strings.HasPrefix(line, name) {
				value, err := strconv.ParseFloat(line[len(name):], 64)
				check(err)
				sum += value
			}
		}
	}
	return sum
}

// Runs the server until n tasks were handled, while `meanwhile` goes on. Returns tasks a second and the CPU times a task, in us.
func process(n int, meanwhile func()) (rate, own, redisOwn float64) {
	var handled atomic.Int64
	all := make(chan struct{})
	srv := server()
	cpu, redisBegin, begin := cpuSeconds(), redisCPU(), time.Now()
	check(srv.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		if handled.Add(1) == int64(n) {
			close(all)
		}
		return nil
	})))
	meanwhile()
	<-all
	seconds := time.Since(begin).Seconds()
	own, redisOwn = (cpuSeconds()-cpu)/float64(n)*1e6, (redisCPU()-redisBegin)/float64(n)*1e6
	srv.Shutdown()
	return float64(n) / seconds, own, redisOwn
}

func summary(values []float64) percentiles {
	sort.Float64s(values)
	at := func(q float64) float64 { return values[int(q*float64(len(values)-1))] }
	return percentiles{at(0.5), at(0.99), values[0]}
}

// Milliseconds from when a task is due (`delay` after the call, 0: the call) to the start of its handler.
func latency(client *asynq.Client, n int, every, delay time.Duration) percentiles {
	var mu sync.Mutex
	var late []float64
	var wg sync.WaitGroup
	wg.Add(n)
	srv := server()
	check(srv.Start(asynq.HandlerFunc(func(_ context.Context, t *asynq.Task) error {
		now := time.Now().UnixNano()
		due, err := strconv.ParseInt(string(t.Payload()), 10, 64)
		check(err)
		mu.Lock()
		late = append(late, float64(now-due)/1e6)
		mu.Unlock()
		wg.Done()
		return nil
	})))
	time.Sleep(2 * time.Second) // idle first
	for i := 0; i < n; i++ {
		due := time.Now().Add(delay)
		task := asynq.NewTask("bench:noop", []byte(strconv.FormatInt(due.UnixNano(), 10)))
		var err error
		if delay > 0 {
			_, err = client.Enqueue(task, asynq.ProcessAt(due))
		} else {
			_, err = client.Enqueue(task)
		}
		check(err)
		time.Sleep(every)
	}
	wg.Wait()
	srv.Shutdown()
	return summary(late)
}

func main() {
	flag.Parse()
	admin = options().MakeRedisClient().(redis.UniversalClient)
	client := asynq.NewClient(options())
	defer client.Close()
	figures := map[string]any{}
	wanted := func(name string) bool { return strings.Contains(","+*only+",", ","+name+",") }

	if flag.Arg(0) == "trickle" {
		trickle(client, flag.Arg(1), flag.Arg(2))
		return
	}
	flush()
	if *scripts != "" {
		for _, active := range []int{100, 1000, 5000} {
			figures["script_us_"+strconv.Itoa(active)] = scriptCPU(*scripts, *tasks, active)
			flush()
		}
		check(json.NewEncoder(os.Stdout).Encode(figures))
		return
	}
	if wanted("enqueue") {
		figures["enqueue_single_per_s"] = enqueue(client, *tasks/4, 1)
		flush()
		figures["enqueue_64_per_s"] = enqueue(client, *tasks, 64)
		flush()
	}
	if wanted("process") {
		enqueue(client, *tasks, 64)
		rate, own, redisOwn := process(*tasks/64*64, func() {})
		figures["process_per_s"], figures["process_cpu_us"], figures["process_redis_us"] = rate, own, redisOwn
		flush()
	}
	if wanted("both") {
		rate, _, _ := process(*tasks/8*8, func() { enqueue(client, *tasks, 8) })
		figures["enqueue_and_process_per_s"] = rate
		flush()
	}
	if wanted("pickup") {
		figures["pickup_ms"] = latency(client, 300, 10*time.Millisecond, 0)
		flush()
	}
	if wanted("delayed") {
		figures["delayed_late_ms"] = latency(client, 40, 250*time.Millisecond, 1500*time.Millisecond)
		flush()
	}
	check(json.NewEncoder(os.Stdout).Encode(figures))
}
