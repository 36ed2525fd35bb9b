package main

import (
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sys/unix"
)

// Enqueues `count` tasks of type "bench", 100 a second. The payload of each is the time of its call: nanoseconds of the
// monotonic clock, which all processes of a machine share.
func trickle(client *asynq.Client, queue, count string) {
	n, err := strconv.Atoi(count)
	check(err)
	ticks := time.NewTicker(10 * time.Millisecond)
	for i := 0; i < n; i++ {
		<-ticks.C
		var now unix.Timespec
		check(unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
		payload := []byte(strconv.FormatInt(now.Nano(), 10))
		_, err := client.Enqueue(asynq.NewTask("bench", payload), asynq.Queue(queue))
		check(err)
	}
}
