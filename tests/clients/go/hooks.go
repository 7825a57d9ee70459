package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"matryoshka.example/clients/api"
)

const tolerance = 5 * time.Minute

// hooks is a receiver of webhooks on a free loopback port.
type hooks struct {
	url    string
	events chan api.WebhookBody
	key    []byte
}

func listen(secret string) (*hooks, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	found := &hooks{fmt.Sprintf("http://%s/hook", listener.Addr()), make(chan api.WebhookBody, 100), key}
	go http.Serve(listener, found)
	return found, nil
}

func (h *hooks) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err == nil {
		err = verify(h.key, request.Header, body, time.Now())
	}
	var event api.WebhookBody
	if err == nil {
		err = json.Unmarshal(body, &event)
	}
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	h.events <- event
	writer.WriteHeader(http.StatusNoContent)
}

// await returns the first event of a type; others are dropped.
func (h *hooks) await(kind string, patience time.Duration) (*api.WebhookBody, error) {
	deadline := time.After(patience)
	for {
		select {
		case event := <-h.events:
			if found, err := event.Discriminator(); err == nil && found == kind {
				return &event, nil
			}
		case <-deadline:
			return nil, errors.New("no signed " + kind + " arrived")
		}
	}
}

// verify checks a delivery as Standard Webhooks says: HMAC-SHA256 of `id.timestamp.body`, not older than five minutes.
func verify(key []byte, headers http.Header, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(headers.Get("webhook-timestamp"), 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return errors.New("the delivery has no timestamp of now")
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", headers.Get("webhook-id"), seconds, body)
	for _, signature := range strings.Fields(headers.Get("webhook-signature")) {
		version, value, _ := strings.Cut(signature, ",")
		given, err := base64.StdEncoding.DecodeString(value)
		if version == "v1" && err == nil && hmac.Equal(given, mac.Sum(nil)) {
			return nil
		}
	}
	return errors.New("no signature of the delivery is ours")
}
