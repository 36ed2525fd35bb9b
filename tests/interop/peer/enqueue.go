package main

import (
	"time"

	"github.com/hibiken/asynq"
)

// A task as the tests write it. What is not there is not set.
type taskSpec struct {
	Type      string            `json:"type"`
	Payload   *string           `json:"payload"` // hex; absent: none at all
	Headers   map[string]string `json:"headers"`
	Queue     string            `json:"queue"`
	ID        string            `json:"id"`
	Group     string            `json:"group"`
	MaxRetry  *int              `json:"max_retry"`
	Timeout   *int64            `json:"timeout"`
	Deadline  *int64            `json:"deadline"` // from now
	In        *int64            `json:"in"`
	Unique    *int64            `json:"unique"`
	Retention *int64            `json:"retention"`
}

func (spec taskSpec) task() *asynq.Task {
	var payload []byte
	if spec.Payload != nil {
		payload = unhex(*spec.Payload)
	}
	if len(spec.Headers) > 0 {
		return asynq.NewTaskWithHeaders(spec.Type, payload, spec.Headers)
	}
	return asynq.NewTask(spec.Type, payload)
}

func (spec taskSpec) options() []asynq.Option {
	var options []asynq.Option
	if spec.Queue != "" {
		options = append(options, asynq.Queue(spec.Queue))
	}
	if spec.MaxRetry != nil {
		options = append(options, asynq.MaxRetry(*spec.MaxRetry))
	}
	if spec.Timeout != nil {
		options = append(options, asynq.Timeout(seconds(*spec.Timeout)))
	}
	if spec.Deadline != nil {
		options = append(options, asynq.Deadline(time.Now().Add(seconds(*spec.Deadline))))
	}
	if spec.Unique != nil {
		options = append(options, asynq.Unique(seconds(*spec.Unique)))
	}
	if spec.In != nil {
		options = append(options, asynq.ProcessIn(seconds(*spec.In)))
	}
	if spec.ID != "" {
		options = append(options, asynq.TaskID(spec.ID))
	}
	if spec.Retention != nil {
		options = append(options, asynq.Retention(seconds(*spec.Retention)))
	}
	if spec.Group != "" {
		options = append(options, asynq.Group(spec.Group))
	}
	return options
}

func enqueue(redis asynq.RedisConnOpt) {
	client := asynq.NewClient(redis)
	defer client.Close()
	answerLines(func(line []byte) any {
		var spec taskSpec
		parse(line, &spec)
		info, err := client.Enqueue(spec.task(), spec.options()...)
		if err != nil {
			return errorObject(err)
		}
		return object{"id": info.ID, "state": info.State.String()}
	})
}
