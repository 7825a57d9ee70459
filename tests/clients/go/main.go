// Submits a job with the generated client, waits for it, and reads one signed webhook into its generated type.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"matryoshka.example/clients/api"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	hooks, err := listen(secret)
	if err != nil {
		return err
	}
	client, err := api.NewClientWithResponses(os.Getenv("MATRYOSHKA_URL"), api.WithRequestEditorFn(authorize))
	if err != nil {
		return err
	}
	job, err := submit(ctx, client, hooks.url)
	if err != nil {
		return err
	}
	if job, err = wait(ctx, client, job.Id); err != nil {
		return err
	}
	event, err := hooks.await("job.succeeded", 30*time.Second)
	if err != nil {
		return err
	}
	return report(job, event)
}

func authorize(_ context.Context, request *http.Request) error {
	request.Header.Set("Authorization", "Bearer "+os.Getenv("MATRYOSHKA_API_KEY"))
	return nil
}

func submit(ctx context.Context, client *api.ClientWithResponses, callback string) (*api.Job, error) {
	label, value, key := "purpose=lab", secret, fmt.Sprintf("go-%d", time.Now().UnixNano())
	var body api.JobRequest
	err := body.FromInspectHostRequest(api.InspectHostRequest{
		Host:           api.HostRef{Label: &label},
		CallbackUrl:    &callback,
		CallbackSecret: &api.Secret{Value: &value},
	})
	if err != nil {
		return nil, err
	}
	answer, err := client.SubmitJobWithResponse(ctx, &api.SubmitJobParams{IdempotencyKey: &key}, body)
	if err != nil {
		return nil, err
	}
	if answer.JSON202 == nil {
		return nil, fmt.Errorf("POST /v1/jobs: %s %s", answer.Status(), answer.Body)
	}
	return answer.JSON202, nil
}

func wait(ctx context.Context, client *api.ClientWithResponses, id string) (*api.Job, error) {
	seconds := 30
	for {
		answer, err := client.GetJobWithResponse(ctx, id, &api.GetJobParams{Wait: &seconds})
		if err != nil {
			return nil, err
		}
		if answer.JSON200 == nil {
			return nil, fmt.Errorf("GET /v1/jobs/%s: %s %s", id, answer.Status(), answer.Body)
		}
		switch answer.JSON200.State {
		case api.JobStateSucceeded, api.JobStateFailed, api.JobStateCancelled, api.JobStateExpired:
			return answer.JSON200, nil
		}
	}
}

func report(job *api.Job, event *api.WebhookBody) error {
	read, err := event.ValueByDiscriminator()
	if err != nil {
		return err
	}
	webhook, ok := read.(api.JobWebhook)
	if !ok {
		return fmt.Errorf("a job's webhook was read as %T", read)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"job_id":         job.Id,
		"state":          job.State,
		"computer_name":  (*job.Result.Report)["computer_name"],
		"webhook_type":   webhook.Type,
		"webhook_job_id": *webhook.Data.JobId,
	})
}
