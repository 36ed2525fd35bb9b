// The Go side of the dq interop tests: an ordinary program with go-queue's dq as a dependency.
//
//	dq_peer put DELAY BODY NODE...            prints the id
//	dq_peer revoke ID NODE...
//	dq_peer consume REDIS NODE...             prints "ready", then each body on a line, until it is killed
//
// A NODE is HOST:PORT/TUBE.
package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/zeromicro/go-queue/dq"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/stores/redis"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func nodes(args []string) []dq.Beanstalk {
	var list []dq.Beanstalk
	for _, arg := range args {
		endpoint, tube, _ := strings.Cut(arg, "/")
		list = append(list, dq.Beanstalk{Endpoint: endpoint, Tube: tube})
	}
	return list
}

func main() {
	logx.Disable()
	switch os.Args[1] {
	case "put":
		delay, err := time.ParseDuration(os.Args[2])
		fail(err)
		id, err := dq.NewProducer(nodes(os.Args[4:])).Delay([]byte(os.Args[3]), delay)
		fail(err)
		fmt.Println(id)
	case "revoke":
		fail(dq.NewProducer(nodes(os.Args[3:])).Revoke(os.Args[2]))
	case "consume":
		consumer := dq.NewConsumer(dq.DqConf{
			Beanstalks: nodes(os.Args[3:]),
			Redis:      redis.RedisConf{Host: os.Args[2], Type: redis.NodeType},
		})
		fmt.Println("ready")
		consumer.Consume(func(body []byte) { fmt.Println(string(body)) })
	}
}
