package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A script of Asynq as it stands in the module's source.
func scriptOf(source []byte, name string) *redis.Script {
	text := regexp.MustCompile("(?s)var " + name + " = redis.NewScript\\(`(.*?)`\\)").FindSubmatch(source)
	if text == nil {
		check(fmt.Errorf("the module has no script %s", name))
	}
	return redis.NewScript(string(text[1]))
}

// CPU time of Redis for the life of a task in us: Asynq's own scripts for enqueue, dequeue and done, one call a task as it makes
// them, but 100 calls in a pipeline, which Asynq does not do. `active` tasks are held at a time and end in the order of their start.
func scriptCPU(module string, n, active int) float64 {
	const depth = 100
	ctx := context.Background()
	source, err := os.ReadFile(filepath.Join(module, "internal/rdb/rdb.go"))
	check(err)
	enqueue, dequeue, done := scriptOf(source, "enqueueCmd"), scriptOf(source, "dequeueCmd"), scriptOf(source, "doneCmd")
	for _, s := range []*redis.Script{enqueue, dequeue, done} {
		check(s.Load(ctx, admin).Err())
	}
	const queue = "asynq:{default}:"
	message := strings.Repeat("x", 177) // the size of a message of Asynq with a payload of 100 bytes
	id := func(i int) string { return fmt.Sprintf("01890a5d-ac96-774b-bcce-%012d", i) }
	day := queue + "processed:" + time.Now().UTC().Format("2006-01-02")
	batch := func(from int, call func(p redis.Pipeliner, i int)) {
		p := admin.Pipeline()
		for i := from; i < from+depth; i++ {
			call(p, i)
		}
		_, err := p.Exec(ctx)
		check(err)
	}
	begin := redisCPU()
	for i := 0; i < n; i += depth {
		batch(i, func(p redis.Pipeliner, i int) {
			enqueue.EvalSha(ctx, p, []string{queue + "t:" + id(i), queue + "pending"}, message, id(i), time.Now().UnixNano())
		})
	}
	for taken, ended := 0, 0; ended < n; ended += depth {
		for ; taken < n && taken-ended < active; taken += depth {
			batch(taken, func(p redis.Pipeliner, _ int) {
				dequeue.EvalSha(ctx, p, []string{queue + "pending", queue + "paused", queue + "active", queue + "lease"},
					time.Now().Add(30*time.Second).Unix(), queue+"t:")
			})
		}
		batch(ended, func(p redis.Pipeliner, i int) {
			done.EvalSha(ctx, p, []string{queue + "active", queue + "lease", queue + "t:" + id(i), day, queue + "processed"},
				id(i), time.Now().Add(90*24*time.Hour).Unix(), int64(1<<63-1))
		})
	}
	return (redisCPU() - begin) / float64(n) * 1e6
}
