// Asynq's API, with rest.go, beside ../from_asynq.cpp and ../from_asynq_rest.cpp, which are the same program in C++.
//
//	from_asynq ADDRESS                    prints what from_asynq.cpp prints, on a Redis that is empty
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"github.com/hibiken/asynq"
)

type Welcome struct {
	User string `json:"user"`
}

var served sync.WaitGroup // welcome, bounce, cleanup, batch
var ticked sync.Once
var tickServed = make(chan struct{})

// docs: handler
func welcome(ctx context.Context, t *asynq.Task) error {
	var mail Welcome
	if err := json.Unmarshal(t.Payload(), &mail); err != nil {
		return fmt.Errorf("bad payload: %v: %w", err, asynq.SkipRetry)
	}
	queue, _ := asynq.GetQueueName(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	maxRetry, _ := asynq.GetMaxRetry(ctx)
	fmt.Printf("welcome %s, %s, retried %d of %d\n", mail.User, queue, retried, maxRetry)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err := t.ResultWriter().Write([]byte("sent"))
	return err
}

// docs: end

// docs: skip-retry
func bounce(ctx context.Context, t *asynq.Task) error {
	return fmt.Errorf("no such mailbox: %w", asynq.SkipRetry)
}
func cleanup(ctx context.Context, t *asynq.Task) error { return asynq.RevokeTask }

// docs: end

// docs: aggregator
func joinRows(group string, tasks []*asynq.Task) *asynq.Task {
	return asynq.NewTask("batch", []byte(fmt.Sprintf("%d %s", len(tasks), group)))
}

// docs: end

func makeMux() *asynq.ServeMux {
	// docs: mux
	mux := asynq.NewServeMux()
	mux.HandleFunc("email:welcome", welcome)
	mux.HandleFunc("email:bounce", bounce)
	mux.HandleFunc("cleanup", cleanup)
	mux.HandleFunc("batch", func(ctx context.Context, t *asynq.Task) error {
		fmt.Printf("batch %s\n", t.Payload())
		return nil
	})
	mux.HandleFunc("tick", func(ctx context.Context, t *asynq.Task) error {
		ticked.Do(func() {
			fmt.Println("tick")
			close(tickServed)
		})
		return nil
	})
	// docs: end
	// docs: middleware
	mux.Use(func(next asynq.Handler) asynq.Handler {
		return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
			err := next.ProcessTask(ctx, t)
			if t.Type() != "tick" {
				served.Done()
			}
			return err
		})
	})
	// docs: end
	return mux
}

func enqueueAll(client *asynq.Client) error {
	// docs: enqueue
	payload, _ := json.Marshal(Welcome{User: "ada"})
	task := asynq.NewTaskWithHeaders("email:welcome", payload, map[string]string{"trace": "42"})
	info, err := client.Enqueue(task,
		asynq.TaskID("welcome-ada"),
		asynq.Queue("critical"),
		asynq.MaxRetry(3),
		asynq.Timeout(30*time.Second),
		asynq.Deadline(time.Now().Add(time.Hour)),
		asynq.Unique(time.Hour),
		asynq.Retention(2*time.Hour))
	if err != nil {
		return err
	}
	fmt.Printf("enqueued %s in %s\n", info.ID, info.Queue)
	// docs: end

	// docs: errors
	_, err = client.Enqueue(task, asynq.Queue("critical"), asynq.Unique(time.Hour))
	if errors.Is(err, asynq.ErrDuplicateTask) {
		fmt.Println("a duplicate")
	}
	_, err = client.Enqueue(asynq.NewTask("other", nil), asynq.Queue("critical"), asynq.TaskID("welcome-ada"))
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		fmt.Println("an id that is taken")
	}
	// docs: end

	// docs: schedule-one
	_, later := client.Enqueue(asynq.NewTask("report", nil), asynq.TaskID("later"), asynq.ProcessIn(24*time.Hour))
	tomorrow := time.Now().Add(24 * time.Hour)
	_, at := client.Enqueue(asynq.NewTask("report", nil), asynq.TaskID("at"), asynq.ProcessAt(tomorrow))
	// docs: end
	if err := errors.Join(later, at); err != nil {
		return err
	}

	// docs: group
	for _, row := range []string{"a", "b", "c"} {
		if _, err := client.Enqueue(asynq.NewTask("row", []byte(row)), asynq.Group("rows")); err != nil {
			return err
		}
	}
	// docs: end
	for _, name := range []string{"email:bounce", "cleanup"} {
		if _, err := client.Enqueue(asynq.NewTask(name, nil), asynq.TaskID(name)); err != nil {
			return err
		}
	}
	return nil
}

func makeConfig() asynq.Config {
	// docs: server-config
	config := asynq.Config{
		Concurrency:    1,
		Queues:         map[string]int{"critical": 6, "default": 3, "low": 1},
		StrictPriority: true,
		RetryDelayFunc: func(n int, err error, t *asynq.Task) time.Duration { return time.Duration(n) * time.Second },
		IsFailure:      func(err error) bool { return err.Error() != "not my fault" },
		ErrorHandler: asynq.ErrorHandlerFunc(func(ctx context.Context, t *asynq.Task, err error) {
			if errors.Is(err, asynq.RevokeTask) {
				return // no failure, but Asynq asks for it all the same
			}
			id, _ := asynq.GetTaskID(ctx)
			fmt.Printf("failed %s\n", id)
		}),
		ShutdownTimeout:  8 * time.Second,
		GroupAggregator:  asynq.GroupAggregatorFunc(joinRows),
		GroupMaxSize:     3,
		GroupGracePeriod: time.Minute,
		LogLevel:         asynq.ErrorLevel,
	}
	// docs: end
	return config
}

func inspect(redis asynq.RedisConnOpt) error {
	// docs: inspector
	inspector := asynq.NewInspector(redis)
	defer inspector.Close()
	done, err := inspector.GetTaskInfo("critical", "welcome-ada")
	if err != nil {
		return err
	}
	fmt.Printf("%s, result %s\n", done.State, done.Result)

	scheduled, err := inspector.ListScheduledTasks("default", asynq.PageSize(100))
	if err != nil {
		return err
	}
	fmt.Printf("%d scheduled\n", len(scheduled))

	err = errors.Join(
		inspector.RunTask("default", "email:bounce"),
		inspector.ArchiveTask("default", "later"), inspector.DeleteTask("default", "at"),
		inspector.PauseQueue("low"), inspector.UnpauseQueue("low"))
	if err != nil {
		return err
	}
	queue, err := inspector.GetQueueInfo("default")
	if err != nil {
		return err
	}
	fmt.Printf("%d pending, %d archived\n", queue.Pending, queue.Archived)
	// docs: end
	return nil
}

// docs: provider
type entries struct{}

func (entries) GetConfigs() ([]*asynq.PeriodicTaskConfig, error) {
	return []*asynq.PeriodicTaskConfig{{Cronspec: "0 9 * * *", Task: asynq.NewTask("tick", nil)}}, nil
}

// docs: end

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	// docs: client
	redis := asynq.RedisClientOpt{Addr: os.Args[1]} // "localhost:6379"
	client := asynq.NewClient(redis)
	defer client.Close()
	// docs: end
	// The low queue must be there before it can be paused.
	_, err := client.Enqueue(asynq.NewTask("unused", nil), asynq.Queue("low"), asynq.ProcessIn(time.Hour))
	check(err)
	check(enqueueAll(client))

	served.Add(4)
	// docs: server
	server := asynq.NewServer(redis, makeConfig())
	if err := server.Start(makeMux()); err != nil {
		log.Fatal(err)
	}
	// docs: end
	served.Wait()

	// docs: scheduler
	berlin, err := time.LoadLocation("Europe/Berlin")
	check(err)
	scheduler := asynq.NewScheduler(redis, &asynq.SchedulerOpts{Location: berlin, LogLevel: asynq.ErrorLevel})
	_, err = scheduler.Register("@every 1s", asynq.NewTask("tick", nil), asynq.Queue("critical"))
	check(err)
	check(scheduler.Start())
	// docs: end
	<-tickServed
	scheduler.Shutdown()

	// docs: manager
	manager, err := asynq.NewPeriodicTaskManager(asynq.PeriodicTaskManagerOpts{
		RedisConnOpt: redis, PeriodicTaskConfigProvider: entries{}, SyncInterval: time.Minute,
		SchedulerOpts: &asynq.SchedulerOpts{LogLevel: asynq.ErrorLevel}})
	check(err)
	check(manager.Start())
	// docs: end
	manager.Shutdown()

	// docs: stop
	server.Shutdown()
	// docs: end
	check(inspect(redis))
	check(restOfTheAPI(os.Args[1]))
}
