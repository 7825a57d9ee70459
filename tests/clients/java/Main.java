import com.sun.net.httpserver.HttpServer;
import example.matryoshka.ApiClient;
import example.matryoshka.api.JobsApi;
import example.matryoshka.model.HostRef;
import example.matryoshka.model.InspectHostRequest;
import example.matryoshka.model.Job;
import example.matryoshka.model.JobRequest;
import example.matryoshka.model.JobWebhook;
import example.matryoshka.model.Secret;
import example.matryoshka.model.WebhookBody;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Submits a job with the generated client, waits for it, and reads one signed webhook into its generated type. */
public final class Main {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final EnumSet<Job.StateEnum> FINAL =
      EnumSet.of(Job.StateEnum.SUCCEEDED, Job.StateEnum.FAILED, Job.StateEnum.CANCELLED, Job.StateEnum.EXPIRED);

  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv("MATRYOSHKA_URL"));
    client.setRequestInterceptor(
        request -> request.header("Authorization", "Bearer " + System.getenv("MATRYOSHKA_API_KEY")));
    BlockingQueue<WebhookBody> events = new LinkedBlockingQueue<>();
    HttpServer server = listen(client, events);
    try {
      String callback = "http://127.0.0.1:" + server.getAddress().getPort() + "/hook";
      Job job = inspectHost(new JobsApi(client), callback);
      report(client, job, awaited(events, JobWebhook.TypeEnum.JOB_SUCCEEDED));
    } finally {
      server.stop(0);
    }
  }

  private static Job inspectHost(JobsApi jobs, String callback) throws Exception {
    InspectHostRequest request =
        new InspectHostRequest()
            .kind(InspectHostRequest.KindEnum.INSPECT_HOST)
            .host(new HostRef().label("purpose=lab"))
            .callbackUrl(callback)
            .callbackSecret(new Secret().value(SECRET));
    Job job = jobs.submitJob(new JobRequest(request), null, UUID.randomUUID().toString());
    while (!FINAL.contains(job.getState())) {
      job = jobs.getJob(job.getId(), null, null, 30);
    }
    return job;
  }

  private static HttpServer listen(ApiClient client, BlockingQueue<WebhookBody> events) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/hook",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          boolean verified = Signature.verify(SECRET, exchange.getRequestHeaders()::getFirst, body);
          if (verified) {
            events.add(client.getObjectMapper().readValue(body, WebhookBody.class));
          }
          exchange.sendResponseHeaders(verified ? 204 : 400, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  private static JobWebhook awaited(BlockingQueue<WebhookBody> events, JobWebhook.TypeEnum type) throws Exception {
    while (true) {
      WebhookBody event = events.poll(30, TimeUnit.SECONDS);
      if (event == null) {
        throw new IllegalStateException("no signed " + type + " arrived");
      }
      if (event.getActualInstance() instanceof JobWebhook webhook && webhook.getType() == type) {
        return webhook;
      }
    }
  }

  private static void report(ApiClient client, Job job, JobWebhook event) throws Exception {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("job_id", job.getId());
    found.put("state", job.getState());
    found.put("computer_name", job.getResult().getReport().get("computer_name"));
    found.put("webhook_type", event.getType());
    found.put("webhook_job_id", event.getData().getJobId());
    System.out.println(client.getObjectMapper().writeValueAsString(found));
  }
}
