// What main.go leaves over of Asynq's API, beside ../from_asynq_rest.cpp.
package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
)

func connect(address string) (asynq.RedisConnOpt, *asynq.Client, error) {
	// docs: connect
	redis, err := asynq.ParseRedisURI("redis://" + address + "/0")
	if err != nil {
		return nil, nil, err
	}
	client := asynq.NewClient(redis)
	if err := client.Ping(); err != nil {
		return nil, nil, err
	}
	// docs: end
	return redis, client, nil
}

func enqueueImages(client *asynq.Client) error {
	// docs: batch
	for _, name := range []string{"image:a", "image:b"} {
		if _, err := client.Enqueue(asynq.NewTask(name, nil), asynq.Queue("images")); err != nil {
			return err
		}
	}
	// docs: end
	for _, name := range []string{"nobody", "boom", "wait"} {
		if _, err := client.Enqueue(asynq.NewTask(name, nil), asynq.Queue("images"), asynq.TaskID(name), asynq.MaxRetry(0)); err != nil {
			return err
		}
	}
	return nil
}

// docs: logger
type silence struct{}

func (silence) Debug(args ...any) {}
func (silence) Info(args ...any)  {}
func (silence) Warn(args ...any)  {}
func (silence) Error(args ...any) {}
func (silence) Fatal(args ...any) {}

// docs: end

func serveImages(redis asynq.RedisConnOpt, client *asynq.Client, inspector *asynq.Inspector) error {
	healthy, cancelled := make(chan struct{}), make(chan struct{})
	var once sync.Once
	// docs: more-config
	config := asynq.Config{
		Concurrency:         1,
		Queues:              map[string]int{"images": 1},
		Logger:              silence{},
		HealthCheckInterval: 100 * time.Millisecond,
		HealthCheckFunc: func(err error) {
			if err == nil {
				once.Do(func() { close(healthy) })
			}
		},
		ErrorHandler: asynq.ErrorHandlerFunc(func(ctx context.Context, t *asynq.Task, err error) {
			if errors.Is(err, asynq.ErrHandlerNotFound) {
				fmt.Printf("%s: no handler\n", t.Type())
			} else if asynq.IsPanicError(err) {
				fmt.Printf("%s: it threw\n", t.Type())
			}
		}),
		GroupMaxDelay:    10 * time.Minute,
		JanitorInterval:  8 * time.Second,
		JanitorBatchSize: 100,
	}
	// docs: end
	// docs: nested
	images := asynq.NewServeMux()
	images.HandleFunc("image:", func(ctx context.Context, t *asynq.Task) error { // every type that begins so
		fmt.Println(t.Type())
		return nil
	})
	mux := asynq.NewServeMux()
	mux.Handle("image:", images)
	// docs: end
	mux.HandleFunc("boom", func(ctx context.Context, t *asynq.Task) error { panic("boom") })
	mux.HandleFunc("wait", func(ctx context.Context, t *asynq.Task) error {
		<-ctx.Done()
		fmt.Println("cancelled")
		close(cancelled)
		return ctx.Err()
	})
	if err := enqueueImages(client); err != nil {
		return err
	}
	server := asynq.NewServer(redis, config)
	if err := server.Start(mux); err != nil {
		return err
	}
	<-healthy
	for waiting := true; waiting; {
		// docs: cancel
		err := inspector.CancelProcessing("wait")
		// docs: end
		if err != nil {
			return err
		}
		select {
		case <-cancelled:
			waiting = false
		case <-time.After(50 * time.Millisecond):
		}
	}
	// docs: servers
	servers, err := inspector.Servers()
	if err != nil {
		return err
	}
	for _, s := range servers {
		fmt.Printf("a server of %d queue, %d at once, %s\n", len(s.Queues), s.Concurrency, s.Status)
	}
	// docs: end
	// docs: quiet
	server.Stop()
	server.Shutdown()
	// docs: end
	return nil
}

func inspectMore(client *asynq.Client, inspector *asynq.Inspector) error {
	// docs: queues
	queues, err := inspector.Queues()
	if err != nil {
		return err
	}
	sort.Strings(queues)
	fmt.Println(strings.Join(queues, " "))
	days, err := inspector.History("images", 1)
	if err != nil {
		return err
	}
	fmt.Printf("today %d processed, %d failed\n", days[0].Processed, days[0].Failed)
	// docs: end

	// docs: bulk
	pending, err := inspector.RunAllArchivedTasks("images")
	if err != nil {
		return err
	}
	archived, err := inspector.ArchiveAllPendingTasks("images")
	if err != nil {
		return err
	}
	deleted, err := inspector.DeleteAllArchivedTasks("images")
	if err != nil {
		return err
	}
	fmt.Printf("%d run, %d archived, %d deleted\n", pending, archived, deleted)
	// docs: end

	_, err = client.Enqueue(asynq.NewTask("image:c", []byte("old")), asynq.Queue("images"), asynq.TaskID("c"), asynq.ProcessIn(time.Hour))
	_, grouped := client.Enqueue(asynq.NewTask("row", nil), asynq.Queue("images"), asynq.Group("rows"))
	if err := errors.Join(err, grouped); err != nil {
		return err
	}
	// docs: update
	if err := inspector.UpdateTaskPayload("images", "c", []byte("new")); err != nil {
		return err
	}
	groups, err := inspector.Groups("images")
	if err != nil {
		return err
	}
	fmt.Printf("%d in group %s\n", groups[0].Size, groups[0].Group)
	rows, err := inspector.ListAggregatingTasks("images", "rows")
	if err != nil {
		return err
	}
	fmt.Printf("%s waits\n", rows[0].Type)
	// docs: end
	// docs: remove-queue
	if err := inspector.DeleteQueue("images", false); errors.Is(err, asynq.ErrQueueNotEmpty) {
		err = inspector.DeleteQueue("images", true)
		if err != nil {
			return err
		}
	}
	// docs: end
	return nil
}

func scheduleMore(redis asynq.RedisConnOpt, inspector *asynq.Inspector) error {
	stored := make(chan struct{})
	var before, after sync.Once
	// docs: hooks
	scheduler := asynq.NewScheduler(redis, &asynq.SchedulerOpts{
		HeartbeatInterval: time.Second,
		Logger:            silence{},
		PreEnqueueFunc: func(task *asynq.Task, opts []asynq.Option) {
			before.Do(func() { fmt.Printf("%s is due\n", task.Type()) })
		},
		PostEnqueueFunc: func(info *asynq.TaskInfo, err error) {
			if err == nil {
				after.Do(func() { fmt.Printf("%s is stored\n", info.Type); close(stored) })
			}
		},
	})
	id, err := scheduler.Register("@every 1s", asynq.NewTask("sample", nil), asynq.Queue("low"))
	if err != nil {
		return err
	}
	// docs: end
	if err := scheduler.Start(); err != nil {
		return err
	}
	<-stored
	for seen := false; !seen; time.Sleep(10 * time.Millisecond) {
		// docs: entries
		entries, err := inspector.SchedulerEntries()
		if err != nil {
			return err
		}
		ticks, err := inspector.ListSchedulerEnqueueEvents(id)
		if err != nil {
			return err
		}
		// docs: end
		if seen = len(entries) == 1 && len(ticks) > 0; seen {
			fmt.Printf("%s %s\n", entries[0].Spec, entries[0].Task.Type())
		}
	}
	// docs: unregister
	if err := scheduler.Unregister(id); err != nil {
		return err
	}
	scheduler.Shutdown()
	// docs: end
	return nil
}

func restOfTheAPI(address string) error {
	redis, client, err := connect(address)
	if err != nil {
		return err
	}
	defer client.Close()
	inspector := asynq.NewInspector(redis)
	defer inspector.Close()
	if err := serveImages(redis, client, inspector); err != nil {
		return err
	}
	if err := inspectMore(client, inspector); err != nil {
		return err
	}
	return scheduleMore(redis, inspector)
}
