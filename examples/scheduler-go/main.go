// A scheduler over plain AMQP: sends jobs to the workers of a RabbitMQ broker, stops, resumes, and waits for results.
//
// Debian: apt-get install golang-go golang-github-rabbitmq-amqp091-go-dev, then
// GO111MODULE=off GOPATH=/usr/share/gocode go run main.go [AMQP-URI]
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	running  = 2
	complete = 3
	stopped  = 6
)

// Job is Spin Cycle's proto.Job, as far as this example needs it. Go writes []byte as base64, as the contract wants it.
type Job struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Type      string `json:"type"`
	Bytes     []byte `json:"bytes"`
	Retry     uint   `json:"retry"`
	RetryWait string `json:"retryWait,omitempty"`
}

// RunJob asks for one run of a job.
type RunJob struct {
	RequestID  string                 `json:"requestId"`
	Job        Job                    `json:"job"`
	JobData    map[string]interface{} `json:"jobData"`
	PrevTries  uint                   `json:"prevTries"`
	TotalTries uint                   `json:"totalTries"`
	// A stop applies to commands sent before it; without this field any stop of the job applies, even one from before.
	SentAt time.Time `json:"sentAt"`
}

// JobFinished tells how a run ended, and what to send to resume the job.
type JobFinished struct {
	RequestID  string                 `json:"requestId"`
	JobID      string                 `json:"jobId"`
	FinalState byte                   `json:"finalState"`
	Tries      uint                   `json:"tries"`
	JobData    map[string]interface{} `json:"jobData"`
	PrevTries  uint                   `json:"prevTries"`
	TotalTries uint                   `json:"totalTries"`
	Error      string                 `json:"error"`
}

// StopJob stops a job, or without JobID every job of its request.
type StopJob struct {
	RequestID string    `json:"requestId"`
	JobID     string    `json:"jobId,omitempty"`
	SentAt    time.Time `json:"sentAt"`
}

// StopJobReply is the answer of the worker that held the job.
type StopJobReply struct {
	Outcome    string `json:"outcome"`
	FinalState byte   `json:"finalState"`
	Worker     string `json:"worker"`
}

// GetRunnerStatus asks every worker what it holds.
type GetRunnerStatus struct {
	RequestID string `json:"requestId,omitempty"`
}

// RunnerStatus tells of one job that runs or waits.
type RunnerStatus struct {
	JobID  string `json:"jobId"`
	State  byte   `json:"state"`
	Status string `json:"status"`
}

// Scheduler is one connection; not for several goroutines at once.
type Scheduler struct {
	connection *amqp.Connection
	channel    *amqp.Channel
	finished   <-chan amqp.Delivery
	replies    <-chan amqp.Delivery
	replyTo    string
	returned   chan amqp.Return
}

// Connect binds a queue for results before anything is sent: job-finished keeps nothing for a queue that is bound later.
// The queue goes with the connection; a scheduler that must miss nothing declares a durable one with a name.
func Connect(uri string) (*Scheduler, error) {
	connection, err := amqp.Dial(uri)
	if err != nil {
		return nil, err
	}
	channel, err := connection.Channel()
	if err != nil {
		return nil, err
	}
	if err := channel.Confirm(false); err != nil {
		return nil, err
	}
	s := &Scheduler{connection: connection, channel: channel, returned: channel.NotifyReturn(make(chan amqp.Return, 1))}
	results, err := s.listen()
	if err != nil {
		return nil, err
	}
	if err := channel.QueueBind(results.name, "", "job-finished", false, nil); err != nil {
		return nil, err
	}
	replies, err := s.listen()
	if err != nil {
		return nil, err
	}
	s.finished, s.replies, s.replyTo = results.deliveries, replies.deliveries, replies.name
	return s, nil
}

type inbox struct {
	name       string
	deliveries <-chan amqp.Delivery
}

func (s *Scheduler) listen() (inbox, error) {
	queue, err := s.channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return inbox{}, err
	}
	deliveries, err := s.channel.Consume(queue.Name, "", true, true, false, false, nil)
	return inbox{queue.Name, deliveries}, err
}

// publish returns once the broker has the message safely.
func (s *Scheduler) publish(exchange string, message interface{}, properties amqp.Publishing) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	properties.ContentType, properties.DeliveryMode, properties.Body = "application/json", amqp.Persistent, body
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	// Mandatory: without a queue behind the exchange the message comes back instead of vanishing.
	confirmation, err := s.channel.PublishWithDeferredConfirmWithContext(ctx, exchange, "", true, false, properties)
	if err != nil {
		return err
	}
	if !confirmation.Wait() {
		return fmt.Errorf("the broker could not keep the message to %s", exchange)
	}
	select {
	case <-s.returned:
		return fmt.Errorf("no queue took the message to %s: has a worker ever been started?", exchange)
	default:
		return nil
	}
}

// Submit sends a job.
func (s *Scheduler) Submit(command RunJob) error {
	command.SentAt = time.Now().UTC()
	if command.JobData == nil {
		command.JobData = map[string]interface{}{}
	}
	return s.publish("run-job", command, amqp.Publishing{})
}

// Wait returns the result of a job. Everyone's results come here; this example has one job at a time.
func (s *Scheduler) Wait(requestID, jobID string) (JobFinished, error) {
	deadline := time.After(time.Minute)
	for {
		select {
		case delivery, ok := <-s.finished:
			if !ok {
				return JobFinished{}, errors.New("the connection was lost")
			}
			var finished JobFinished
			if err := json.Unmarshal(delivery.Body, &finished); err != nil {
				return finished, err
			}
			if finished.RequestID == requestID && finished.JobID == jobID {
				return finished, nil
			}
		case <-deadline:
			return JobFinished{}, fmt.Errorf("job %s of %s has not finished in a minute", jobID, requestID)
		}
	}
}

// Status tells what every worker holds of a request; answers that take longer than half a second are missed.
func (s *Scheduler) Status(requestID string) ([]RunnerStatus, error) {
	id := newID()
	if err := s.publish("get-runner-status", GetRunnerStatus{requestID}, amqp.Publishing{ReplyTo: s.replyTo, CorrelationId: id}); err != nil {
		return nil, err
	}
	var statuses []RunnerStatus
	quiet := time.After(500 * time.Millisecond)
	for {
		select {
		case delivery := <-s.replies:
			var status RunnerStatus
			if delivery.CorrelationId == id && json.Unmarshal(delivery.Body, &status) == nil {
				statuses = append(statuses, status)
			}
		case <-quiet:
			return statuses, nil
		}
	}
}

// Stop stops a job and returns the answer of the worker that held it; nil if none did.
func (s *Scheduler) Stop(requestID, jobID string) (*StopJobReply, error) {
	id := newID()
	command := StopJob{requestID, jobID, time.Now().UTC()}
	if err := s.publish("stop-job", command, amqp.Publishing{ReplyTo: s.replyTo, CorrelationId: id}); err != nil {
		return nil, err
	}
	deadline := time.After(30 * time.Second)
	for {
		select {
		case delivery := <-s.replies:
			var reply StopJobReply
			if delivery.CorrelationId == id && json.Unmarshal(delivery.Body, &reply) == nil {
				return &reply, nil
			}
		case <-deadline:
			return nil, nil
		}
	}
}

// newID makes a request id: 20 bytes, as the Request Manager's table holds.
func newID() string {
	random := make([]byte, 10)
	if _, err := rand.Read(random); err != nil {
		log.Fatal(err)
	}
	return hex.EncodeToString(random)
}

func sleepJob(length time.Duration) Job {
	return Job{ID: "napp", Name: "nap", Type: "sleep", Bytes: []byte(fmt.Sprintf(`{"duration": %d}`, length.Nanoseconds()))}
}

func demo(uri string) error {
	s, err := Connect(uri)
	if err != nil {
		return err
	}
	defer s.connection.Close()

	request := newID()
	if err := s.Submit(RunJob{RequestID: request, Job: sleepJob(10 * time.Minute)}); err != nil {
		return err
	}
	for started := false; !started; {
		statuses, err := s.Status(request)
		if err != nil {
			return err
		}
		started = len(statuses) > 0 && statuses[0].State == running
	}
	reply, err := s.Stop(request, "napp")
	if err != nil {
		return err
	}
	fmt.Printf("stopped: %+v\n", reply)
	first, err := s.Wait(request, "napp")
	if err != nil {
		return err
	}
	fmt.Printf("first run: %+v\n", first)

	// The same job again, with its counters and data: it goes on with the next try.
	resume := RunJob{
		RequestID: request, Job: sleepJob(100 * time.Millisecond),
		JobData: first.JobData, PrevTries: first.PrevTries, TotalTries: first.TotalTries,
	}
	if err := s.Submit(resume); err != nil {
		return err
	}
	second, err := s.Wait(request, "napp")
	if err != nil {
		return err
	}
	fmt.Printf("resumed: %+v\n", second)
	if first.FinalState != stopped || second.FinalState != complete {
		return errors.New("the job did not end as it should")
	}
	return nil
}

func main() {
	uri := "amqp://guest:guest@localhost:5672/"
	if len(os.Args) > 1 {
		uri = os.Args[1]
	}
	if err := demo(uri); err != nil {
		log.Fatal(err)
	}
}
