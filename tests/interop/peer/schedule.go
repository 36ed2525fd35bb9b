package main

import "github.com/hibiken/asynq"

type entrySpec struct {
	Spec string   `json:"spec"`
	Task taskSpec `json:"task"`
}

type schedulerSpec struct {
	Beat    int64       `json:"beat"` // when the first record is written, and half of how long it lasts
	Entries []entrySpec `json:"entries"`
}

func schedule(redis asynq.RedisConnOpt, config string) {
	spec := schedulerSpec{Beat: 10}
	parse([]byte(config), &spec)
	scheduler := asynq.NewScheduler(redis, &asynq.SchedulerOpts{
		LogLevel: asynq.FatalLevel, HeartbeatInterval: seconds(spec.Beat),
		PostEnqueueFunc: func(info *asynq.TaskInfo, err error) {
			if err != nil {
				emit(errorObject(err))
				return
			}
			emit(object{"event": "enqueued", "id": info.ID})
		}})
	ids := []string{}
	for _, entry := range spec.Entries {
		id, err := scheduler.Register(entry.Spec, entry.Task.task(), entry.Task.options()...)
		if err != nil {
			die(err)
		}
		ids = append(ids, id)
	}
	if err := scheduler.Start(); err != nil {
		die(err)
	}
	signals := catchSignal()
	emit(object{"event": "ready", "entries": ids})
	<-signals
	scheduler.Shutdown()
}
