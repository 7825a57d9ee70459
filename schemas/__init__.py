"""The language: marshmallow schemas of everything that crosses the API. Knows marshmallow only.

`schemas.pointers(messages)` flattens marshmallow's nested messages to JSON Pointers. Where to find what:

    base.py            StrictSchema, EmptySchema; Flag, Timestamp, Labels, text(), whole(), coded()
    problem.py         ProblemSchema, ProblemItemSchema, pointers()
    page.py            PageQuerySchema, page_of(ItemSchema)
    secret.py          SecretSchema, SecretField, CredentialSchema, split_secrets(), generated_secrets()
    host.py            HostCreateSchema, HostUpdateSchema, HostSchema, HostQuerySchema, ReservationSchema
    image.py           ImageCreateSchema, ImageUpdateSchema, ImageSchema
    target.py          HostRefSchema, ImageRefSchema, TargetSchema (an existing VM, or a node of a lab)
    node.py            NodesSchema, NodeSchema      network.py  NetworkSchema    guest.py    GuestSchema
    identity.py        IdentitySchema               cluster.py  ClusterSchema
    nested_vm.py       NestedVMSchema, SmokeTestSchema
    kinds/             one request schema a job kind; kinds.REQUEST_SCHEMAS maps kind -> schema class
    job.py             JobRequestSchema (dispatches on `kind`), JobSchema (view), JobQuerySchema, JobCancelSchema
    placement.py       PlacementSchema, CandidateSchema (views)
    step.py            StepSchema (view)            plan.py     PlanSchema, PlanStepSchema, FindingSchema, DemandSchema
    lab.py             LabSchema, LabExtendSchema, LabQuerySchema, CpuRowSchema
    webhook.py         EndpointCreateSchema, EndpointUpdateSchema, EndpointRotateSchema, EndpointSchema,
                       EndpointSecretSchema
    delivery.py        DeliverySchema, DeliveryAttemptSchema, DeliveryQuerySchema
    event.py           EventSchema, WebhookBodySchema, EventQuerySchema, EVENT_TYPES, DATA_SCHEMAS (one a family)
    key.py             KeyCreateSchema, KeySchema, KeyCreatedSchema, SCOPES
"""

from schemas.problem import pointers

__all__ = ["pointers"]
